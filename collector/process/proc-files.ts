/**
 * `loadavg`, `meminfo` and `uptime` of each container, in the formats of proc(5), as files that can
 * be bind-mounted over those of the kernel: tools inside then see the container and not the machine.
 *
 *     DIRECTORY/web/loadavg   0.31 0.20 0.11 0/12 0
 *
 * A bind mount holds on to the inode, so a file is written in place and never replaced, and stays
 * when its container ends: the next container of this name finds it. Nothing here is waited for by
 * a tick; a round that is still being written when the next one is due is counted, and goes on.
 */
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, type Dictionary, describeError, type Endpoint, isAbsent, type Logger } from '../../core/index.ts';

/** The cadence of the load average, and of what tools that look at memory expect. */
const ROUND_S = 5;

/** Containers that get files; each keeps three descriptors open. */
const CONTAINERS_MAX = 512;

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/;
const FILE_NAMES = ['loadavg', 'meminfo', 'uptime'] as const;
type FileName = (typeof FILE_NAMES)[number];
type Texts = Readonly<Record<FileName, string>>;

/** What of a frame the files are made of. */
export type Measured = { readonly second: number; readonly dictionary: Dictionary; readonly values: Float64Array };

export class ProcFiles {
  readonly #directory: string;
  readonly #logger: Logger;
  readonly #open = new Map<string, Promise<ContainerFolder>>();
  /** Slow values are held until the next ones come. */
  readonly #held = new Map<string, Map<string, number>>();
  #round: Promise<void> | null = null;
  #complaint = '';
  /** Rounds that were not written because the one before still was. */
  skipped = 0;
  /** Containers that got no files: their names can not be folders, or there are too many. */
  refused = 0;

  /** Throws `CONFIG_INVALID` for a directory that others may write: they could place links there. */
  static async in(directory: string, logger: Logger): Promise<ProcFiles> {
    try {
      await mkdir(directory, { recursive: true, mode: 0o755 });
      const { mode, uid } = await stat(directory);
      const own = process.geteuid?.() ?? uid;
      if ((mode & 0o022) !== 0 || (uid !== own && uid !== 0)) {
        throw new Error('it must belong to root or to the collector, and nobody else may write to it');
      }
    } catch (cause) {
      const message = `the folder for files of containers can not be used: ${describeError(cause)}`;
      throw new AppError('CONFIG_INVALID', message, { where: '--proc-files', cause });
    }
    return new ProcFiles(directory, logger);
  }

  private constructor(directory: string, logger: Logger) {
    this.#directory = directory;
    this.#logger = logger;
  }

  /** Takes what a tick measured; every fifth second it is written. */
  offer(measured: Measured): void {
    const containers = this.#hold(measured);
    if (measured.second % ROUND_S !== 0) return;
    if (this.#round !== null) {
      this.skipped++;
      return;
    }
    const hostMemory = this.#hostMemory(measured.dictionary);
    const texts = containers.map(
      (endpoint) => [endpoint, textsOf(endpoint, this.#valuesOf(endpoint), { ...measured, hostMemory })] as const,
    );
    this.#round = this.#write(texts).finally(() => {
      this.#round = null;
    });
  }

  /** Waits for the round under way and closes the files; they stay as they are. */
  async close(): Promise<void> {
    await this.#round;
    for (const folder of this.#open.values()) await folder.then((files) => files.close()).catch(() => {});
    this.#open.clear();
  }

  /** Keeps the newest values of what is shown; returns the containers that run. */
  #hold({ dictionary, values }: Measured): readonly Endpoint[] {
    for (let index = 0; index < values.length; index++) {
      const series = dictionary.series[index];
      if (series === undefined || !SHOWN.has(series.metric) || isAbsent(values, index)) continue;
      const endpoint = dictionary.endpointOf(index);
      this.#valuesOf(endpoint).set(series.metric, values[index] as number);
    }
    const running = dictionary.endpoints.filter(({ state }) => state === 'running');
    const names = new Set(running.map(({ name }) => name));
    for (const name of this.#held.keys()) if (!names.has(name)) this.#held.delete(name);
    return running.filter(({ kind }) => kind === 'container');
  }

  #valuesOf({ name }: Endpoint): Map<string, number> {
    const held = this.#held.get(name) ?? new Map<string, number>();
    this.#held.set(name, held);
    return held;
  }

  #hostMemory(dictionary: Dictionary): number {
    return dictionary.endpoints.find(({ kind }) => kind === 'host')?.system?.memoryBytes ?? 0;
  }

  /** Never rejects. */
  async #write(texts: readonly (readonly [Endpoint, Texts])[]): Promise<void> {
    const names = new Set(texts.map(([{ container }]) => container?.name));
    for (const [name, folder] of this.#open) {
      if (names.has(name)) continue;
      this.#open.delete(name);
      await folder.then((files) => files.close()).catch(() => {});
    }
    for (const [endpoint, files] of texts) {
      const name = endpoint.container?.name ?? '';
      try {
        await (await this.#folderOf(name))?.write(files);
      } catch (error) {
        this.#open.delete(name);
        this.#complain(describeError(error));
      }
    }
  }

  async #folderOf(name: string): Promise<ContainerFolder | null> {
    const known = this.#open.get(name);
    if (known !== undefined) return known;
    if (!NAME.test(name) || this.#open.size >= CONTAINERS_MAX) {
      this.refused++;
      return null;
    }
    const opening = ContainerFolder.open(join(this.#directory, name));
    this.#open.set(name, opening);
    return opening;
  }

  #complain(reason: string): void {
    if (reason === this.#complaint) return;
    this.#complaint = reason;
    this.#logger.warn({ reason }, 'files of a container could not be written');
  }
}

/** The three files of one container, kept open. */
class ContainerFolder {
  readonly #files: readonly (readonly [FileName, FileHandle])[];
  readonly #lengths = new Map<FileName, number>();

  private constructor(files: readonly (readonly [FileName, FileHandle])[]) {
    this.#files = files;
  }

  static async open(path: string): Promise<ContainerFolder> {
    await mkdir(path, { recursive: true, mode: 0o755 });
    const files: (readonly [FileName, FileHandle])[] = [];
    try {
      for (const name of FILE_NAMES) {
        const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW;
        const handle = await open(join(path, name), flags, 0o644);
        files.push([name, handle]);
        // Everybody in the container may read them, whatever the collector's mask is.
        await handle.chmod(0o644);
      }
    } catch (error) {
      for (const [, handle] of files) await handle.close();
      throw error;
    }
    return new ContainerFolder(files);
  }

  async write(texts: Texts): Promise<void> {
    for (const [name, handle] of this.#files) {
      const text = texts[name];
      const before = this.#lengths.get(name) ?? (await handle.stat()).size;
      // A reader between the two steps finds empty lines at the end, and no remains of longer figures.
      await handle.write(text.padEnd(before, '\n'), 0, 'latin1');
      if (before > text.length) await handle.truncate(text.length);
      this.#lengths.set(name, text.length);
    }
  }

  async close(): Promise<void> {
    for (const [, handle] of this.#files) await handle.close();
  }
}

const SHOWN = new Set([
  'load.1min',
  'load.5min',
  'load.15min',
  'pids.current',
  'mem.usage.bytes',
  'mem.working_set.bytes',
  'mem.cache.bytes',
  'mem.limit.bytes',
]);

type Around = { readonly second: number; readonly hostMemory: number };

/** The three texts. What was not measured yet is 0 there, as the formats have no word for it. */
export function textsOf(
  endpoint: Endpoint,
  values: ReadonlyMap<string, number>,
  { second, hostMemory }: Around,
): Texts {
  const value = (metric: string): number => values.get(metric) ?? 0;
  const loads = ['load.1min', 'load.5min', 'load.15min'].map((metric) => value(metric).toFixed(2));
  const startedAtMs = endpoint.container?.startedAtMs ?? 0;
  const uptime = startedAtMs > 0 ? Math.max(0, second - startedAtMs / 1000) : 0;
  return {
    // Runnable tasks and the newest process number are not counted for a container: 0 (proc_loadavg(5)).
    loadavg: `${loads.join(' ')} 0/${value('pids.current')} 0\n`,
    meminfo: meminfoOf(value, hostMemory),
    // The second figure is the idle time of all cores, which a container does not have.
    uptime: `${uptime.toFixed(2)} 0.00\n`,
  };
}

/**
 * Fields that free, top, ps and the run-times of languages read (proc_meminfo(5)). A container
 * without a limit has the memory of its host.
 */
function meminfoOf(value: (metric: string) => number, hostMemory: number): string {
  const limit = value('mem.limit.bytes');
  const total = limit > 0 ? Math.min(limit, hostMemory || limit) : hostMemory;
  const used = Math.min(total, value('mem.usage.bytes'));
  const fields: readonly (readonly [name: string, bytes: number])[] = [
    ['MemTotal', total],
    ['MemFree', total - used],
    ['MemAvailable', Math.max(0, total - value('mem.working_set.bytes'))],
    ['Buffers', 0],
    ['Cached', Math.min(used, value('mem.cache.bytes'))],
    ['SwapCached', 0],
    ['SwapTotal', 0],
    ['SwapFree', 0],
    ['Shmem', 0],
    ['SReclaimable', 0],
  ];
  return fields.map(([name, bytes]) => `${`${name}:`.padEnd(15)} ${kib(bytes)} kB\n`).join('');
}

const kib = (bytes: number): string => String(Math.floor(bytes / 1024)).padStart(8);
