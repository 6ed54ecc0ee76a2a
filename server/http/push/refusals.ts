import type { PushRefusal } from '../../../realtime/index.ts';

/** Why a sample is refused, in a word that can be counted. `form`: the item itself is wrong. */
export type Reason = PushRefusal | 'node' | 'form';

const words: Readonly<Record<Exclude<Reason, 'form'>, string>> = {
  'too-old': 'it is older than ten minutes',
  ahead: 'it is more than a minute ahead of the clock here; synchronise both clocks',
  budget: 'there is no room for more series; send fewer different labels or tags',
  measured: 'a collector measures this series already; give it another name',
  scattered: 'the request has too many different times; send fewer in one',
  node: 'the endpoint is not under the node of the service tree that this token may write to',
};

/** What is shown of a request's refusals; all are counted. */
const SHOWN_MAX = 5;
const SHOWN_CHARACTERS_MAX = 160;

/** The refusals of one request. */
export class Refusals {
  count = 0;
  readonly #byReason: Map<Reason, number>;
  readonly #shown: string[] = [];

  /** `byReason` counts on over all requests. */
  constructor(byReason: Map<Reason, number>) {
    this.#byReason = byReason;
  }

  /** `where` names the item, as its sender would; `detail` says what is wrong with its form. */
  add(reason: Reason, where: () => string, detail = ''): void {
    this.count++;
    this.#byReason.set(reason, (this.#byReason.get(reason) ?? 0) + 1);
    if (this.#shown.length >= SHOWN_MAX) return;
    const text = `${where()}: ${reason === 'form' ? detail : words[reason]}`;
    this.#shown.push(text.slice(0, SHOWN_CHARACTERS_MAX));
  }

  /** One line, `2 of 5 refused: …`. */
  words(total: number): string {
    const more = this.count - this.#shown.length;
    return `${this.count} of ${total} refused: ${this.#shown.join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
  }
}
