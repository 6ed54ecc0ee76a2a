/**
 * Rules that people make through the API, durable in the state store. Each is the JSON of what a rule
 * is in the file, and is read by the same eyes: against the channels, teams and rules of the file as it
 * is now. One whose channel has gone from the file goes on as it was; after a restart it has a fault.
 */
import { AppError, type Clock, type StateStore } from '../../../core/index.ts';
import { textOf } from '../../store/rows.ts';
import { checkRules, type Outer } from '../read/check.ts';
import { type Rule, type RuleSet, slugOf } from '../rule.ts';

/** As many as a file may have. */
const RULES_MAX = 1000;
const BYTES_MAX = 16 * 1024;

export type RuleBody = Readonly<Record<string, unknown>>;

export type StoredRulesOptions = {
  readonly store: StateStore;
  readonly clock: Clock;
  /** The rules of the file. */
  readonly file: () => RuleSet;
  /** They have changed, and are durable. */
  readonly onChange: () => void;
};

type Stored = {
  readonly name: string;
  readonly body: string;
  readonly rule: Rule | null;
  readonly fault: string | null;
};

export class StoredRules {
  readonly #options: StoredRulesOptions;
  readonly #bySlug = new Map<string, Stored>();

  private constructor(options: StoredRulesOptions) {
    this.#options = options;
  }

  /** Rejects with `STATE_STORE`. */
  static async open(options: StoredRulesOptions): Promise<StoredRules> {
    const stored = new StoredRules(options);
    const rows = await options.store.read({ sql: 'SELECT slug, name, body FROM alerting_rule ORDER BY slug' });
    for (const row of rows) {
      stored.#bySlug.set(textOf(row, 'slug'), {
        name: textOf(row, 'name'),
        body: textOf(row, 'body'),
        rule: null,
        fault: null,
      });
    }
    return stored;
  }

  /** The rules of the file and these. One that the file has as well is the file's. */
  merged(): RuleSet {
    const file = this.#options.file();
    const taken = new Set(file.rules.map(({ slug }) => slug));
    for (const [slug, stored] of this.#bySlug) this.#bySlug.set(slug, this.#readAgain(stored));
    const own = [...this.#bySlug].flatMap(([slug, { rule }]) => (rule === null || taken.has(slug) ? [] : [rule]));
    return { ...file, rules: [...file.rules, ...own] };
  }

  /** What is wrong with rules that were right once, one a line; null when nothing is. */
  get error(): string | null {
    const faults = [...this.#bySlug.values()].flatMap(({ fault }) => fault ?? []);
    return faults.length === 0 ? null : faults.join('\n');
  }

  get size(): number {
    return this.#bySlug.size;
  }

  has(slug: string): boolean {
    return this.#bySlug.has(slug);
  }

  /** The body as it was given; throws `NOT_FOUND`. */
  bodyOf(name: string): RuleBody {
    const stored = this.#bySlug.get(slugOf(name));
    if (stored === undefined) throw unknown(name);
    return JSON.parse(stored.body);
  }

  /**
   * Makes a rule, or changes it; the name in the path holds. Rejects with `BAD_REQUEST` and every fault,
   * with `CONFLICT` when the file has a rule of that name, and with `STATE_STORE`.
   */
  async put(name: string, given: RuleBody, by: string): Promise<void> {
    const { store, clock, file, onChange } = this.#options;
    const slug = slugOf(name);
    if (file().rules.some((rule) => rule.slug === slug)) {
      throw new AppError('CONFLICT', `the rules file has a rule "${name}"`, {
        hint: 'change it there, or take another name',
      });
    }
    if (!this.#bySlug.has(slug) && this.#bySlug.size >= RULES_MAX) {
      throw new AppError('CONFLICT', `there are ${RULES_MAX} rules already`, {
        hint: 'remove one, or use the rules file',
      });
    }
    const body = JSON.stringify({ ...given, name });
    if (body.length > BYTES_MAX) throw new AppError('PAYLOAD_TOO_LARGE', `a rule has at most ${BYTES_MAX} characters`);
    const read = this.#read({ name, body, rule: null, fault: null });
    if (read.rule === null) throw new AppError('BAD_REQUEST', read.fault ?? 'it is no rule', { where: 'body' });
    await store.write([
      {
        sql: `INSERT INTO alerting_rule (slug, name, body, changed_at_ms, changed_by) VALUES (?, ?, ?, ?, ?)
              ON CONFLICT (slug) DO UPDATE SET name = excluded.name, body = excluded.body,
                changed_at_ms = excluded.changed_at_ms, changed_by = excluded.changed_by`,
        params: [slug, name, body, clock.nowMs(), by],
      },
    ]);
    this.#bySlug.set(slug, read);
    onChange();
  }

  /** Rejects with `NOT_FOUND`, and with `STATE_STORE`. */
  async remove(name: string): Promise<void> {
    const slug = slugOf(name);
    if (!this.#bySlug.has(slug)) throw unknown(name);
    await this.#options.store.write([{ sql: 'DELETE FROM alerting_rule WHERE slug = ?', params: [slug] }]);
    this.#bySlug.delete(slug);
    this.#options.onChange();
  }

  /** What was right once holds on, and is judged also while its channels are not there. */
  #readAgain(stored: Stored): Stored {
    const read = this.#read(stored);
    if (read.rule !== null) return read;
    const { notify } = JSON.parse(stored.body);
    const named = [notify].flat().filter((name) => typeof name === 'string');
    return { ...read, rule: this.#read(stored, named).rule };
  }

  #read(stored: Stored, alsoChannels: readonly string[] = []): Stored {
    const file = this.#options.file();
    const others = [...this.#bySlug.values()].filter(({ name }) => name !== stored.name);
    const outer: Outer = {
      channelNames: [...file.channels.map(({ name }) => name), ...file.people.teams.keys(), ...alsoChannels],
      rules: [...file.rules, ...others.map(({ name }) => ({ name, slug: slugOf(name) }))],
      declared: file.metrics,
    };
    const checked = checkRules(`{"rules":[${stored.body}]}`, stored.name, outer);
    if (checked.kind === 'valid') return { ...stored, rule: checked.rules[0] ?? null, fault: null };
    return { ...stored, fault: checked.errors.map(({ message }) => `${stored.name}: ${message}`).join('\n') };
  }
}

function unknown(name: string): AppError {
  return new AppError('NOT_FOUND', `no rule "${name}" was made here`, {
    hint: 'rules of the file are changed in the file',
  });
}
