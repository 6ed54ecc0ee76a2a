/**
 * How far each log has been read, kept in a file so that a restart reads no line twice.
 *
 * A log is known by its inode and by a fingerprint of its first bytes: inodes are used again, names
 * move on with each rotation. The file is written whenever something was read, before what was read
 * is told to anybody; a collector that is killed in between loses those lines and repeats none.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Clock, describeError, type Logger } from '../../../../core/index.ts';

/** Logs remembered of one monitor: those that it reads, and those that were rotated away. */
const LOGS_PER_MONITOR_MAX = 300;
const FORGET_MS = 7 * 86_400_000;
/** A log that stands still is noted as seen this often. */
const REFRESH_MS = 3_600_000;
const FORMAT = 1;

/** A log file as it was when it was read last. */
export type LogRecord = {
  /** Device and inode: `2049:1311`. */
  readonly id: string;
  readonly path: string;
  /** Start of the first line that was not read. */
  readonly offset: number;
  /** Of its first `headLength` bytes. */
  readonly headHash: string;
  readonly headLength: number;
  readonly seenMs: number;
};

export const headHash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex').slice(0, 32);

export class OffsetStore {
  readonly #path: string | null;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #byMonitor = new Map<string, Map<string, LogRecord>>();
  #isDirty = false;
  #saving: Promise<void> = Promise.resolve();
  #complaint = '';
  readonly #loaded: Promise<void>;

  /** `path` null: nothing is kept, and a restart begins at the end of each log. */
  constructor(path: string | null, clock: Clock, logger: Logger) {
    this.#path = path;
    this.#clock = clock;
    this.#logger = logger;
    this.#loaded = path === null ? Promise.resolve() : this.#load(path);
  }

  /** Resolves when what an earlier run wrote is known; nothing may be asked before. */
  loaded(): Promise<void> {
    return this.#loaded;
  }

  /** True when the monitor has read something before, in this run or an earlier one. */
  knows(monitor: string): boolean {
    return this.#byMonitor.has(monitor);
  }

  records(monitor: string): readonly LogRecord[] {
    return [...(this.#byMonitor.get(monitor)?.values() ?? [])];
  }

  find(monitor: string, id: string): LogRecord | undefined {
    return this.#byMonitor.get(monitor)?.get(id);
  }

  set(monitor: string, record: Omit<LogRecord, 'seenMs'>): void {
    const records = this.#recordsOf(monitor);
    const nowMs = this.#clock.nowMs();
    const known = records.get(record.id);
    if (known !== undefined && isUnchanged(known, record) && nowMs - known.seenMs < REFRESH_MS) return;
    records.delete(record.id);
    records.set(record.id, { ...record, seenMs: nowMs });
    for (const [id, { seenMs }] of records) {
      if (records.size <= LOGS_PER_MONITOR_MAX && nowMs - seenMs < FORGET_MS) break;
      records.delete(id);
    }
    this.#isDirty = true;
  }

  /** A monitor has begun: from now on logs that appear are read from their beginning. */
  begin(monitor: string): void {
    if (this.#byMonitor.has(monitor)) return;
    this.#recordsOf(monitor);
    this.#isDirty = true;
  }

  /** Writes what changed, one writer at a time. Never rejects: a disk that is full is told once. */
  save(): Promise<void> {
    this.#saving = this.#saving.then(() => this.#write());
    return this.#saving;
  }

  async #write(): Promise<void> {
    if (this.#path === null || !this.#isDirty) return;
    const monitors = Object.fromEntries([...this.#byMonitor].map(([name, records]) => [name, [...records.values()]]));
    this.#isDirty = false;
    try {
      await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
      await writeFile(`${this.#path}.new`, JSON.stringify({ format: FORMAT, monitors }), { mode: 0o600 });
      await rename(`${this.#path}.new`, this.#path);
      this.#complaint = '';
    } catch (error) {
      this.#isDirty = true;
      const reason = describeError(error);
      if (reason !== this.#complaint) this.#logger.warn({ reason }, 'how far logs were read can not be written down');
      this.#complaint = reason;
    }
  }

  #recordsOf(monitor: string): Map<string, LogRecord> {
    const records = this.#byMonitor.get(monitor) ?? new Map<string, LogRecord>();
    this.#byMonitor.set(monitor, records);
    return records;
  }

  async #load(path: string): Promise<void> {
    try {
      this.#byMonitor = parseStore(JSON.parse(await readFile(path, 'utf8')));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      const fields = { path, reason: describeError(error) };
      this.#logger.warn(fields, 'how far logs were read is not known; going on at their ends');
    }
  }
}

function isUnchanged(a: LogRecord, b: Omit<LogRecord, 'seenMs'>): boolean {
  return a.offset === b.offset && a.path === b.path && a.headHash === b.headHash && a.headLength === b.headLength;
}

/** Throws for a file of another format: it is our own, and written whole. */
function parseStore(stored: unknown): Map<string, Map<string, LogRecord>> {
  const { format, monitors } = stored as { format: number; monitors: Record<string, LogRecord[]> };
  if (format !== FORMAT) throw new Error(`format ${format}`);
  return new Map(
    Object.entries(monitors).map(([name, records]) => [name, new Map(records.map((record) => [record.id, record]))]),
  );
}
