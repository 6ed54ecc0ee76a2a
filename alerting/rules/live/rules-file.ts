/**
 * Keeps the running rules equal to a file. A rule with a fault goes on as it was before; a file that
 * can not be read at all changes nothing; one that appears later is found. The folder is watched, because editors replace
 * files; and the file is looked at every few seconds, because not every file system tells.
 */
import { createReadStream, type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { text } from 'node:stream/consumers';
import { type CancelTimer, type Clock, describeError, type Logger, type TimestampMs } from '../../../core/index.ts';
import { checkRules, FILE_BYTES_MAX } from '../read/check.ts';
import { formatFault } from '../read/source.ts';
import { noRules, type RuleSet } from '../rule.ts';

const LOOK_EVERY_MS = 2000;
/** Writers need a moment between creating a file and its last byte. */
const SETTLE_MS = 50;

export type RulesFileOptions = {
  readonly path: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A version without faults was read: these hold from now on. */
  readonly onRules: (rules: RuleSet) => void;
  /** `status` has changed. */
  readonly onStatus: () => void;
};

export type RulesFileStatus = {
  readonly loadedAtMs: TimestampMs | null;
  /** Faults of the newest version, one a line, when it was refused. */
  readonly error: string | null;
  readonly rules: RuleSet;
};

export class RulesFile {
  readonly counts = { loads: 0, refusals: 0 };
  status: RulesFileStatus = { loadedAtMs: null, error: null, rules: noRules };
  readonly #options: RulesFileOptions;
  #watcher: FSWatcher | null = null;
  #cancelLook: CancelTimer = () => {};
  #cancelSettle: CancelTimer = () => {};
  #closed = false;
  /** Of the version that was looked at last; null when there was no file. */
  #fingerprint: string | null = null;
  #looking: Promise<void> | null = null;

  constructor(options: RulesFileOptions) {
    this.#options = options;
  }

  /** Resolves when the file was read, or found missing. */
  async start(): Promise<void> {
    await this.#look();
    this.#lookAgain();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelLook();
    this.#cancelSettle();
    this.#watcher?.close();
    await this.#looking;
  }

  #lookAgain(): void {
    if (this.#closed) return;
    this.#watcher ??= this.#watch();
    this.#cancelLook = this.#options.clock.after(LOOK_EVERY_MS, () => {
      void this.#look().then(() => this.#lookAgain());
    });
  }

  /** Null where the folder can not be watched (it may not exist yet): the next look tries again. */
  #watch(): FSWatcher | null {
    const { path, clock } = this.#options;
    try {
      const watcher = watch(dirname(path), { persistent: false }, (_, name) => {
        if (name !== null && name !== basename(path)) return;
        this.#cancelSettle();
        this.#cancelSettle = clock.after(SETTLE_MS, () => void this.#look());
      });
      watcher.on('error', () => {
        watcher.close();
        this.#watcher = null;
      });
      return watcher;
    } catch {
      return null;
    }
  }

  /** One look at a time; a second caller gets a look of its own after the first. Never rejects. */
  async #look(): Promise<void> {
    while (this.#looking !== null) await this.#looking;
    if (this.#closed) return;
    this.#looking = this.#read().catch((error) => this.#refuse(`${this.#options.path}: ${describeError(error)}`));
    await this.#looking;
    this.#looking = null;
  }

  async #read(): Promise<void> {
    const { path } = this.#options;
    const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
      throw error;
    });
    if (found === null) {
      const wasThere = this.#fingerprint !== null;
      this.#fingerprint = null;
      if (wasThere) this.#refuse(`${path}: the file is gone; its last rules go on`);
      return;
    }
    const fingerprint = `${found.ino} ${found.size} ${found.mtimeMs} ${found.ctimeMs}`;
    if (fingerprint === this.#fingerprint) return;
    this.#fingerprint = fingerprint;
    this.#take(await readBounded(path));
  }

  #take(text: string): void {
    const { path, clock, logger, onRules, onStatus } = this.#options;
    const checked = checkRules(text, path);
    if (checked.kind === 'invalid') {
      if (checked.usable !== null) this.#run(withLastGood(this.status.rules, checked.usable));
      return this.#refuse(checked.errors.map(formatFault).join('\n'));
    }
    this.counts.loads++;
    const { kind: _, ...found } = checked;
    const { rules, channels } = found;
    this.status = { loadedAtMs: clock.nowMs(), error: null, rules: found };
    logger.info({ file: path, rules: rules.length, channels: channels.length }, 'rules loaded');
    onRules(this.status.rules);
    onStatus();
  }

  /** What has no fault holds at once. */
  #run(rules: RuleSet): void {
    this.status = { ...this.status, rules };
    this.#options.onRules(rules);
  }

  #refuse(error: string): void {
    if (this.status.error === error) return;
    this.counts.refusals++;
    this.status = { ...this.status, error };
    this.#options.logger.error(
      { file: this.#options.path, error },
      'the rules file has faults; what they are in goes on as before',
    );
    this.#options.onStatus();
  }
}

/**
 * A faulty file adds and changes what has no fault in it, and takes nothing away: a rule with a slip
 * in it, or a new name, goes on as it was until the file is whole.
 */
function withLastGood(before: RuleSet, now: RuleSet): RuleSet {
  return {
    metrics: [...new Set([...now.metrics, ...before.metrics])],
    rules: withMissing(now.rules, before.rules, 'slug'),
    channels: withMissing(now.channels, before.channels, 'name'),
    people: {
      users: new Map([...before.people.users, ...now.people.users]),
      rotations: new Map([...before.people.rotations, ...now.people.rotations]),
      teams: new Map([...before.people.teams, ...now.people.teams]),
    },
    handlers: withMissing(now.handlers, before.handlers, 'name'),
    templates: withMissing(now.templates, before.templates, 'slug').map((template) => {
      const old = before.templates.find(({ slug }) => slug === template.slug);
      return old === undefined ? template : { ...template, rules: withMissing(template.rules, old.rules, 'slug') };
    }),
  };
}

function withMissing<Key extends string, Entry extends Readonly<Record<Key, string>>>(
  now: readonly Entry[],
  before: readonly Entry[],
  key: Key,
): readonly Entry[] {
  const names = new Set(now.map((entry) => entry[key]));
  return [...now, ...before.filter((entry) => !names.has(entry[key]))];
}

/** The file's text, or one byte more than is allowed: `checkRules` then says so. */
const readBounded = (path: string): Promise<string> => text(createReadStream(path, { end: FILE_BYTES_MAX }));
