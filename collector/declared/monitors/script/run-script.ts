/**
 * Runs one script and brings back what it wrote, whatever it does.
 *
 * It runs without a shell, in a process group of its own, with a clean environment and nothing to
 * read. When its time is up, or it writes more than it may, the whole group is killed; so is what is
 * left of the group after an orderly end. A process that left the group and holds the output open is
 * not waited for.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { AppError, type Clock } from '../../../../core/index.ts';

export const OUTPUT_BYTES_MAX = 256 * 1024;
const ERROR_BYTES_MAX = 512;
/** Between asking the group to end and killing it. */
const KILL_AFTER_MS = 500;
/** The output's end may follow the script's; after this long somebody else holds it open. */
const DRAIN_MS = 200;

const ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LANG: 'C.UTF-8',
  HOME: '/',
};

export type ScriptRun = {
  readonly path: string;
  readonly args: readonly string[];
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
};

export type ScriptEnd = { readonly stdout: string; readonly note: string | null };

type Child = ChildProcessByStdio<null, Readable, Readable>;

/** What the script wrote. Throws `PROBE_FAILED` that says how it ended otherwise than with 0. */
export function runScript(run: ScriptRun): Promise<ScriptEnd> {
  return new Promise((resolve, reject) => {
    const { path, args } = run;
    const child = spawn(path, [...args], {
      cwd: '/',
      env: ENVIRONMENT,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    new Running(child, run).end.then(resolve, reject);
  });
}

class Running {
  readonly end: Promise<ScriptEnd>;
  readonly #child: Child;
  readonly #run: ScriptRun;
  readonly #output: Buffer[] = [];
  #outputBytes = 0;
  #errors = '';
  /** Why it was killed. */
  #verdict: AppError | null = null;

  constructor(child: Child, run: ScriptRun) {
    this.#child = child;
    this.#run = run;
    child.stdout.on('data', (chunk: Buffer) => this.#keep(chunk));
    child.stderr.on('data', (chunk: Buffer) => {
      this.#errors = (this.#errors + chunk.toString('utf8')).slice(-ERROR_BYTES_MAX);
    });
    // Reading ends when the pipes are destroyed below; a fault on the way there says nothing more.
    for (const pipe of [child.stdout, child.stderr]) pipe.on('error', () => {});
    this.end = this.#live();
  }

  async #live(): Promise<ScriptEnd> {
    const { clock, timeoutMs, signal } = this.#run;
    const cancelTimeout = clock.after(timeoutMs, () => {
      this.#stop(`has not ended within ${timeoutMs / 1000} s and was killed`);
    });
    const onAbort = (): void => this.#stop('was stopped with the collector');
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      const how = await this.#ended();
      const isWhole = await this.#drained();
      if (this.#verdict !== null) throw this.#verdict;
      if (how !== 'with 0') throw this.#failure(`ended ${how}`);
      const stdout = Buffer.concat(this.#output).toString('utf8');
      return { stdout, note: isWhole ? null : 'left a process behind that holds its output open' };
    } finally {
      cancelTimeout();
      signal.removeEventListener('abort', onAbort);
      this.#kill('SIGKILL');
      this.#child.stdout.destroy();
      this.#child.stderr.destroy();
    }
  }

  #keep(chunk: Buffer): void {
    this.#outputBytes += chunk.length;
    if (this.#outputBytes > OUTPUT_BYTES_MAX) {
      this.#stop(`wrote more than ${OUTPUT_BYTES_MAX / 1024} KiB and was killed`);
      // What comes until it is dead is not read: a full pipe holds a flood back.
      this.#child.stdout.pause();
    } else {
      this.#output.push(chunk);
    }
  }

  /** How it ended, in words. */
  #ended(): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#child.once('error', (cause) => {
        reject(new AppError('PROBE_FAILED', `could not be started: ${cause.message}`, { cause }));
      });
      this.#child.once('exit', (code, signal) => resolve(signal === null ? `with ${code}` : `by ${signal}`));
    });
  }

  /** False when somebody holds the output open. */
  #drained(): Promise<boolean> {
    const { stdout } = this.#child;
    if (stdout.readableEnded || this.#verdict !== null) return Promise.resolve(true);
    return new Promise((resolve) => {
      const cancel = this.#run.clock.after(DRAIN_MS, () => resolve(false));
      stdout.once('end', () => {
        cancel();
        resolve(true);
      });
    });
  }

  #stop(why: string): void {
    if (this.#verdict !== null) return;
    this.#verdict = this.#failure(why);
    this.#kill('SIGTERM');
    this.#run.clock.after(KILL_AFTER_MS, () => this.#kill('SIGKILL'));
  }

  #failure(why: string): AppError {
    const said = this.#errors.trim().replace(/\s+/g, ' ');
    return new AppError('PROBE_FAILED', said === '' ? why : `${why}; it said: ${said}`);
  }

  /** The whole group; nobody is left of it in most cases. */
  #kill(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // ESRCH: the group is empty.
    }
  }
}
