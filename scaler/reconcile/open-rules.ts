import { type Clock, describeError, type Logger } from '../../core/index.ts';
import type { Instance } from './group/instances.ts';

/** An alert that is open: its rule, and whose series it is on. */
export type OpenAlert = { readonly rule: string; readonly endpoint: string };

/** Asked for so often, and only while some policy waits for an alert. */
const ASK_EVERY_MS = 1000;

const none: ReadonlySet<string> = new Set();

/** The rules that are open, by endpoint, for policies of kind `alert`. */
export class OpenRules {
  wanted = false;
  readonly #ask: () => Promise<readonly OpenAlert[]>;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #byEndpoint: ReadonlyMap<string, ReadonlySet<string>> = new Map();
  #askedMs = Number.NEGATIVE_INFINITY;

  constructor(ask: () => Promise<readonly OpenAlert[]>, clock: Clock, logger: Logger) {
    this.#ask = ask;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Asks in the background when it is time. An answer that fails leaves nothing open: nothing is added on a guess. */
  refresh(): void {
    const nowMs = this.#clock.monotonicMs();
    if (!this.wanted || nowMs - this.#askedMs < ASK_EVERY_MS) return;
    this.#askedMs = nowMs;
    this.#ask().then(
      (alerts) => {
        const byEndpoint = new Map<string, Set<string>>();
        for (const { rule, endpoint } of alerts)
          byEndpoint.set(endpoint, (byEndpoint.get(endpoint) ?? new Set()).add(rule));
        this.#byEndpoint = byEndpoint;
      },
      (error: unknown) => {
        this.#byEndpoint = new Map();
        this.#logger.warn({ error: describeError(error) }, 'open alerts can not be read, their policies rest');
      },
    );
  }

  /** Rules that are open on some instance. */
  ofInstances(instances: readonly Instance[]): ReadonlySet<string> {
    if (!this.wanted || this.#byEndpoint.size === 0) return none;
    return new Set(instances.flatMap(({ endpoint }) => [...(this.#byEndpoint.get(endpoint) ?? none)]));
  }
}
