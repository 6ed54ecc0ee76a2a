/**
 * Rules and templates that people make through the API and the console, durable in the state store. Each is the YAML of
 * what it is in the file, and is read by the same eyes: against the channels, teams, rules and templates of the file as
 * it is now. One whose channel has gone from the file goes on as it was; after a restart it has a fault. Each change
 * makes a version and says who made it; whoever changes a version that is not the newest is refused.
 */
import { AppError, type Clock, type StateStore } from '../../../core/index.ts';
import {
  readNewestVersion,
  readStoredEntries,
  removeEntry,
  type StoredEntry,
  saveEntry,
} from '../../store/stored-rules.ts';
import { checkEntry, type EntryKind, type Outer } from '../read/check.ts';
import { formatFault } from '../read/source.ts';
import { type RuleSet, slugOf } from '../rule.ts';
import { namesToldBy } from './entry-text.ts';

/** As many as a file may have. */
const ENTRIES_MAX = 1000;
const CHARACTERS_MAX = 64 * 1024;

export type StoredRulesOptions = {
  readonly store: StateStore;
  readonly clock: Clock;
  /** The rules of the file. */
  readonly file: () => RuleSet;
  /** They have changed, and are durable. */
  readonly onChange: () => void;
};

export type EntryId = { readonly kind: EntryKind; readonly name: string };

export type EntryEdit = EntryId & {
  readonly text: string;
  readonly by: string;
  /** The version that was edited, 0 for none; left out to write over whatever is there. */
  readonly version?: number | undefined;
};

type Stored = StoredEntry & { readonly read: RuleSet | null; readonly fault: string | null };

const keyOf = (kind: EntryKind, slug: string): string => `${kind} ${slug}`;

export class StoredRules {
  readonly #options: StoredRulesOptions;
  readonly #entries = new Map<string, Stored>();
  /** Changes are made one after the other. */
  #tail: Promise<unknown> = Promise.resolve();

  private constructor(options: StoredRulesOptions) {
    this.#options = options;
  }

  /** Rejects with `STATE_STORE`. */
  static async open(options: StoredRulesOptions): Promise<StoredRules> {
    const stored = new StoredRules(options);
    for (const entry of await readStoredEntries(options.store)) {
      stored.#entries.set(keyOf(entry.kind, entry.slug), { ...entry, read: null, fault: null });
    }
    return stored;
  }

  /** What the file says and what is kept here. What the file has as well is the file's. */
  merged(): RuleSet {
    const file = this.#options.file();
    const taken = new Set([
      ...file.rules.map(({ slug }) => keyOf('rule', slug)),
      ...file.templates.map(({ slug }) => keyOf('template', slug)),
    ]);
    for (const [key, entry] of this.#entries) this.#entries.set(key, this.#readAgain(entry));
    const own = [...this.#entries].flatMap(([key, { read }]) => (read === null || taken.has(key) ? [] : [read]));
    return {
      ...file,
      rules: [...file.rules, ...own.flatMap(({ rules }) => rules)],
      templates: [...file.templates, ...own.flatMap(({ templates }) => templates)],
    };
  }

  /** What is wrong with entries that were right once, one a line; null when nothing is. */
  get error(): string | null {
    const faults = [...this.#entries.values()].flatMap(({ fault }) => fault ?? []);
    return faults.length === 0 ? null : faults.join('\n');
  }

  get size(): number {
    return this.#entries.size;
  }

  find(kind: EntryKind, slug: string): StoredEntry | undefined {
    return this.#entries.get(keyOf(kind, slug));
  }

  /**
   * Makes an entry, or changes it. Rejects with `BAD_REQUEST` and every fault; with `CONFLICT` when the file has one
   * of that name, or when somebody else has changed it since `version`; and with `STATE_STORE`.
   */
  put(edit: EntryEdit): Promise<StoredEntry> {
    return this.#inTurn(() => this.#put(edit));
  }

  /** Rejects with `NOT_FOUND`, with `CONFLICT` as above, and with `STATE_STORE`. */
  remove(edit: Omit<EntryEdit, 'text'>): Promise<void> {
    return this.#inTurn(async () => {
      const { store, clock, onChange } = this.#options;
      const { kind, name, by: changedBy } = edit;
      const known = this.find(kind, slugOf(name));
      if (known === undefined) throw unknown(edit);
      this.#refuseStale(edit, known);
      const changedAtMs = clock.nowMs();
      await store.write(removeEntry({ ...known, text: null, version: known.version + 1, changedAtMs, changedBy }));
      this.#entries.delete(keyOf(kind, known.slug));
      onChange();
    });
  }

  /** What an entry may name that stands elsewhere. */
  outerFor({ kind, name }: EntryId, alsoChannels: readonly string[] = []): Outer {
    const file = this.#options.file();
    const slug = slugOf(name);
    const others = [...this.#entries.values()].filter((entry) => entry.kind !== kind || entry.slug !== slug);
    const named = (wanted: EntryKind) => others.filter((entry) => entry.kind === wanted);
    const readTemplates = named('template').flatMap(({ read }) => read?.templates ?? []);
    const templates = [...file.templates, ...readTemplates];
    return {
      channelNames: [...file.channels.map((channel) => channel.name), ...file.people.teams.keys(), ...alsoChannels],
      rules: [...file.rules, ...named('rule'), ...templates.flatMap(({ rules }) => rules)],
      declared: file.metrics,
      templates,
    };
  }

  async #put(edit: EntryEdit): Promise<StoredEntry> {
    const { store, clock, onChange } = this.#options;
    const { kind, name, text, by: changedBy } = edit;
    const slug = slugOf(name);
    const known = this.find(kind, slug);
    this.#refuseTaken(edit);
    this.#refuseStale(edit, known);
    if (known === undefined && this.#entries.size >= ENTRIES_MAX) {
      throw new AppError('CONFLICT', `there are ${ENTRIES_MAX} rules already`, {
        hint: 'remove one, or use the rules file',
      });
    }
    if (text.length > CHARACTERS_MAX)
      throw new AppError('PAYLOAD_TOO_LARGE', `a ${kind} has at most ${CHARACTERS_MAX} characters`);
    const version = (known?.version ?? (await readNewestVersion(store, kind, slug))) + 1;
    const entry: StoredEntry = { kind, slug, name, text, version, changedAtMs: clock.nowMs(), changedBy };
    const read = this.#read({ ...entry, read: null, fault: null });
    if (read.read === null) throw new AppError('BAD_REQUEST', read.fault ?? `it is no ${kind}`, { where: 'body' });
    const given = [...read.read.rules, ...read.read.templates][0]?.name;
    if (given !== name) {
      throw new AppError('BAD_REQUEST', `the text calls it "${given}", the address "${name}"`, { where: 'body' });
    }
    await store.write(saveEntry(entry));
    this.#entries.set(keyOf(kind, slug), read);
    onChange();
    return entry;
  }

  #refuseTaken({ kind, name }: EntryId): void {
    const file = this.#options.file();
    const slug = slugOf(name);
    if (!(kind === 'rule' ? file.rules : file.templates).some((one) => one.slug === slug)) return;
    throw new AppError('CONFLICT', `the rules file has a ${kind} "${name}"`, {
      hint: 'change it there, or take another name',
    });
  }

  #refuseStale(edit: Omit<EntryEdit, 'text'>, known: StoredEntry | undefined): void {
    const { kind, name, version } = edit;
    if (version === undefined || version === (known?.version ?? 0)) return;
    if (known === undefined) {
      throw new AppError('CONFLICT', `${kind} "${name}" was removed meanwhile`, { where: 'version' });
    }
    const at = new Date(known.changedAtMs).toISOString().slice(0, 19).replace('T', ' ');
    throw new AppError(
      'CONFLICT',
      `${known.changedBy} changed ${kind} "${name}" at ${at} UTC: it is version ${known.version} now, you changed version ${version}`,
      { where: 'version', hint: 'look at what changed, then save again' },
    );
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#tail.then(work);
    this.#tail = done.catch(() => {});
    return done;
  }

  /** What was right once holds on, and is judged also while its channels are not there. */
  #readAgain(entry: Stored): Stored {
    const now = this.#read(entry);
    if (now.read !== null) return now;
    const without = this.#read(entry, namesToldBy(entry.text)).read;
    return { ...now, read: without ?? entry.read };
  }

  #read(entry: Stored, alsoChannels: readonly string[] = []): Stored {
    const checked = checkEntry(entry, this.outerFor(entry, alsoChannels));
    if (checked.kind === 'valid') return { ...entry, read: checked, fault: null };
    return { ...entry, read: null, fault: checked.errors.map(formatFault).join('\n') };
  }
}

function unknown({ kind, name }: EntryId): AppError {
  return new AppError('NOT_FOUND', `no ${kind} "${name}" was made here`, {
    hint: 'rules of the file are changed in the file',
  });
}
