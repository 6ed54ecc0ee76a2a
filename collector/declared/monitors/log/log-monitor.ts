/**
 * Counts lines of log files and of containers' output that match an expression, and sums up a number
 * that it captures.
 *
 * A file is known by its inode, not by its name. One that appears is read from its beginning; those
 * that are there when the monitor is declared are read from their end. A file that was rotated away
 * is read until it is quiet, also when that happened while the collector was down.
 */
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import {
  AppError,
  type Clock,
  type LogMonitor as Definition,
  describeError,
  isAppError,
  type Tags,
} from '../../../../core/index.ts';
import type { EndpointEntry } from '../../../sampling/series-register.ts';
import { compileExpression, type Expression } from '../expression.ts';
import type { Checked, Monitor, Reading } from '../monitor.ts';
import { ContainerLines } from './container-output.ts';
import type { FileGate } from './file-gate.ts';
import { LineSummary } from './line-summary.ts';
import { filesOf } from './log-files.ts';
import type { OffsetStore } from './offset-store.ts';
import { type FoundLog, OpenLog } from './open-log.ts';

/** New files are looked for this often. */
const LIST_MS = 5000;
/** A file that nobody's name leads to any more is read until nothing came for so long. */
const RETIRED_QUIET_MS = 10_000;
/** Names in a log's folder among which a rotated file is looked for. */
const SIBLINGS_MAX = 500;

/** Output of a container that fits a pattern. */
export type ContainerLog = { readonly endpoint: EndpointEntry; readonly path: string };
/** Logs of the running containers that fit, and why those of others can not be read. */
export type FindContainerLogs = (
  pattern: string,
) => Promise<{ readonly logs: readonly ContainerLog[]; readonly problem: string | null }>;

export type LogMonitorOptions = {
  readonly clock: Clock;
  readonly gate: FileGate;
  readonly offsets: OffsetStore;
  /** Under which its offsets are kept: unique among the monitors of this collector. */
  readonly key: string;
  readonly containerLogs: FindContainerLogs;
};

type Following = {
  readonly log: OpenLog;
  readonly endpoint: EndpointEntry | null;
  /** Null for a plain file. */
  readonly container: ContainerLines | null;
  quietSinceMs: number;
  isListed: boolean;
};
type Expressions = { readonly match: Expression; readonly exclude: Expression | null; readonly group: number };

export class LogMonitor implements Monitor {
  readonly #definition: Definition;
  readonly #options: LogMonitorOptions;
  readonly #following = new Map<string, Following>();
  #expressions: Expressions | null = null;
  #listedAtMs = Number.NEGATIVE_INFINITY;
  #checkedAtMs = Number.NaN;
  #listProblem: string | null = null;

  constructor(definition: Definition, options: LogMonitorOptions) {
    this.#definition = definition;
    this.#options = options;
  }

  async check(): Promise<Checked> {
    const { clock, offsets, key } = this.#options;
    this.#expressions ??= await this.#compile();
    await offsets.loaded();
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#listedAtMs >= LIST_MS) {
      this.#listProblem = await this.#list();
      this.#listedAtMs = nowMs;
    }
    const summaries = new Map<EndpointEntry | null, { summary: LineSummary; lagBytes: number }>();
    const faults: string[] = [];
    for (const following of this.#following.values()) {
      const sums = summaries.get(following.endpoint) ?? { summary: new LineSummary(), lagBytes: 0 };
      summaries.set(following.endpoint, sums);
      await this.#read(following, sums.summary, nowMs).catch((error: unknown) => faults.push(describeError(error)));
      sums.lagBytes += following.log.lagBytes;
    }
    offsets.begin(key);
    // Before anybody is told: a line that was counted is never counted again.
    await offsets.save();
    const elapsedSeconds = (nowMs - this.#checkedAtMs) / 1000;
    this.#checkedAtMs = nowMs;
    const readings = [...summaries].flatMap(([endpoint, sums]) => this.#readingsOf(endpoint, sums, elapsedSeconds));
    const notNumbers = [...summaries.values()].reduce((sum, { summary }) => sum + summary.notNumbers, 0);
    if (notNumbers > 0) faults.push(`${notNumbers} matching lines have no number in group ${this.#definition.value}`);
    if (this.#listProblem !== null) faults.unshift(this.#listProblem);
    if (this.#following.size === 0 && faults.length > 0) throw new AppError('PROBE_FAILED', faults.join('; '));
    return { readings, problem: faults.length === 0 ? null : faults.slice(0, 3).join('; ') };
  }

  close(): void {
    for (const { log } of this.#following.values()) void log.close();
    this.#following.clear();
  }

  async #compile(): Promise<Expressions> {
    const { match, exclude, value } = this.#definition;
    const expression = await compileExpression(match, 'match');
    const group = value === null ? 0 : groupOf(expression, value);
    return { match: expression, exclude: exclude === null ? null : await compileExpression(exclude, 'exclude'), group };
  }

  async #read(following: Following, summary: LineSummary, nowMs: number): Promise<void> {
    const { log, container } = following;
    const { offsets, key } = this.#options;
    const before = log.record;
    const bytes = await log.read((line) => {
      const text = container === null ? line : container.add(line);
      if (text !== null) this.#take(text, summary);
    });
    if (bytes > 0 || log.truncations > 0) following.quietSinceMs = nowMs;
    // Of what was cut off there may be a copy, which is found later.
    if (log.truncations > 0) offsets.set(key, { ...before, id: `${before.id} before` });
    log.truncations = 0;
    offsets.set(key, log.record);
    if (following.isListed || nowMs - following.quietSinceMs < RETIRED_QUIET_MS) return;
    this.#following.delete(log.id);
    await log.close();
  }

  #take(line: string, summary: LineSummary): void {
    if (this.#expressions === null) return;
    const { match, exclude, group } = this.#expressions;
    summary.lines++;
    if (group === 0) {
      if (match.test(line) && exclude?.test(line) !== true) summary.matches++;
      return;
    }
    const matcher = match.matcher(line);
    if (!matcher.find() || exclude?.test(line) === true) return;
    summary.matches++;
    const text = matcher.group(group);
    const value = text === null || text.trim() === '' ? Number.NaN : Number(text);
    if (Number.isFinite(value)) summary.add(value);
    else summary.notNumbers++;
  }

  #readingsOf(
    endpoint: EndpointEntry | null,
    { summary, lagBytes }: { readonly summary: LineSummary; readonly lagBytes: number },
    elapsedSeconds: number,
  ): readonly Reading[] {
    const { name, value, quantiles } = this.#definition;
    const tags: Tags = { name, ...this.#definition.tags };
    const one = (metric: string, number: number, more: Tags = {}): Reading => ({
      endpoint,
      metric,
      tags: { ...tags, ...more },
      value: number,
    });
    const readings = [
      one('log.lines', summary.lines / elapsedSeconds),
      one('log.matches', summary.matches),
      one('log.rate', summary.matches / elapsedSeconds),
      one('log.lag.bytes', lagBytes),
    ];
    if (value === null) return readings;
    readings.push(one('log.value.sum', summary.sum));
    // Of no numbers there is neither mean nor extreme: not finite, and so no sample.
    readings.push(one('log.value.avg', summary.sum / summary.values));
    readings.push(one('log.value.min', summary.min), one('log.value.max', summary.max));
    for (const q of quantiles) readings.push(one('log.value.quantile', summary.quantile(q), { q: String(q) }));
    return readings;
  }

  /**
   * Opens what is new and marks what is no longer there. Returns what could not be read, or null.
   * Throws `TIMEOUT`, and marks nothing, when a file system hangs: what was not seen is not gone.
   */
  async #list(): Promise<string | null> {
    const { files, container } = this.#definition;
    const { gate, containerLogs } = this.#options;
    const paths: Wanted[] = (await filesOf(files, gate)).map((path) => ({ path, endpoint: null }));
    const found = container === null ? { logs: [], problem: null } : await containerLogs(container);
    const wanted: readonly Wanted[] = [...paths, ...found.logs];
    const faults: string[] = found.problem === null ? [] : [found.problem];
    const listed = new Set<Following>();
    for (const one of wanted) {
      try {
        const following = await this.#follow(one);
        following.log.path = one.path;
        listed.add(following);
      } catch (error) {
        if (isAppError(error, 'TIMEOUT')) throw error;
        faults.push(wordsFor(one.path, error));
      }
    }
    for (const following of this.#following.values()) following.isListed = listed.has(following);
    await this.#findRotated();
    if (wanted.length === 0 && faults.length === 0) {
      return container === null ? `no file fits ${files.join(', ')}` : `no running container fits ${container}`;
    }
    return faults.length === 0 ? null : faults.slice(0, 3).join('; ');
  }

  async #follow({ path, endpoint }: Wanted): Promise<Following> {
    const { gate } = this.#options;
    const { dev, ino } = await gate.pass(path, () => stat(path, { bigint: true }));
    const known = this.#following.get(`${dev}:${ino}`);
    if (known !== undefined) return known;
    const log = await OpenLog.open(path, gate, (found) => this.#startOf(found));
    const quietSinceMs = this.#options.clock.monotonicMs();
    const container = endpoint === null ? null : new ContainerLines();
    const following = { log, endpoint, container, quietSinceMs, isListed: false };
    this.#following.set(log.id, following);
    return following;
  }

  #startOf({ id, size, hashOf }: FoundLog): number {
    const { offsets, key } = this.#options;
    const isSame = (record: { headHash: string; headLength: number; offset: number }): boolean =>
      record.offset <= size && hashOf(record.headLength) === record.headHash;
    const own = offsets.find(key, id);
    // The same inode with other first bytes is another file, or one that was truncated meanwhile.
    if (own !== undefined) return isSame(own) ? own.offset : 0;
    // `copytruncate` leaves a copy of what was read under another inode.
    const copied = offsets.records(key).find((record) => record.headLength >= COPY_HEAD_MIN && isSame(record));
    if (copied !== undefined) return copied.offset;
    return offsets.knows(key) ? 0 : size;
  }

  /** Files that were read once and have another name now, as long as they lie beside their old one. */
  async #findRotated(): Promise<void> {
    const { gate, offsets, key, clock } = this.#options;
    if (Number.isFinite(this.#checkedAtMs)) return; // Those that are rotated while we run stay open.
    const records = offsets.records(key).filter(({ id, seenMs }) => {
      return !this.#following.has(id) && clock.nowMs() - seenMs < ROTATED_MS_MAX;
    });
    for (const record of records) {
      const folder = dirname(record.path);
      const names = await gate.pass(folder, () => readdir(folder).catch(() => []));
      const siblings = names.filter((name) => name.startsWith(stemOf(record.path))).slice(0, SIBLINGS_MAX);
      for (const name of siblings) {
        const path = join(folder, name);
        const found = await gate.pass(path, () => stat(path, { bigint: true }).catch(() => null));
        if (found === null || `${found.dev}:${found.ino}` !== record.id) continue;
        await this.#follow({ path, endpoint: null }).catch(() => {});
      }
    }
  }
}

type Wanted = { readonly path: string; readonly endpoint: EndpointEntry | null };

/** A head of fewer bytes is no proof that two files have the same content. */
const COPY_HEAD_MIN = 64;
/** A log that was rotated longer ago, while nobody read it, is left alone. */
const ROTATED_MS_MAX = 86_400_000;

/** `access` of `/var/log/access.log`: names of rotated files begin so. */
const stemOf = (path: string): string => basename(path).split('.')[0] ?? '';

function wordsFor(path: string, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if (code === 'ENOENT') return `${path} is not there`;
  if (code === 'EACCES' || code === 'EPERM') return `${path} may not be read by this user`;
  return describeError(error);
}

/** The number of a capture group from its name or number. Throws `CONFIG_INVALID`. */
function groupOf(expression: Expression, value: string): number {
  const named = expression.namedGroups()[value];
  const number = named ?? (/^\d{1,2}$/.test(value) ? Number(value) : 0);
  if (number >= 1 && number <= expression.groupCount()) return number;
  const names = Object.keys(expression.namedGroups()).join(', ');
  const has = names === '' ? `${expression.groupCount()} groups without names` : `the groups ${names}`;
  throw new AppError('CONFIG_INVALID', `value is ${JSON.stringify(value)}; match has ${has}`);
}
