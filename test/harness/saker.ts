import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Console } from './console.ts';
import { freePort } from './ports.ts';
import { until } from './waiting.ts';

const main = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../dist/cli/main.js' : '../../cli/main.js', import.meta.url),
);

/** What the supervisor's processes have in their command lines. */
const programs = {
  server: '/server/main.js',
  history: '/server/history/main.js',
  collector: '/collector/saker-collector.mjs',
} as const;

const STOP_MS_MAX = 20_000;

export type SakerOptions = {
  readonly command?: 'up' | 'server';
  readonly dataDirectory?: string;
  readonly port?: number;
  readonly flags?: readonly string[];
  /** How long the server may take until it is ready. */
  readonly readyMsMax?: number;
};

/** A running `saker up` (or `server`) of the built project, with a data folder of its own. */
export class Saker {
  readonly url: string;
  readonly dataDirectory: string;
  readonly #child: ChildProcess;
  readonly #ownsFolder: boolean;
  #output = '';

  private constructor(child: ChildProcess, facts: { url: string; dataDirectory: string; ownsFolder: boolean }) {
    this.#child = child;
    this.url = facts.url;
    this.dataDirectory = facts.dataDirectory;
    this.#ownsFolder = facts.ownsFolder;
    child.stdout?.on('data', (chunk) => this.#keep(chunk));
    child.stderr?.on('data', (chunk) => this.#keep(chunk));
  }

  /** Starts it and waits until the server answers. */
  static async start(options: SakerOptions = {}): Promise<Saker> {
    const port = options.port ?? (await freePort());
    const dataDirectory = options.dataDirectory ?? (await mkdtemp(join(tmpdir(), 'saker-test-')));
    const { command = 'up', flags = [] } = options;
    const args = [main, command, '--port', String(port), '--data-dir', dataDirectory, ...flags];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const url = `http://127.0.0.1:${port}`;
    const saker = new Saker(child, { url, dataDirectory, ownsFolder: options.dataDirectory === undefined });
    try {
      await saker.ready(options.readyMsMax);
      await until('the welcome', () => saker.output.includes('Sign in') || saker.#child.exitCode !== null);
      if (saker.#child.exitCode !== null) throw new Error(`ended: ${saker.output}`);
      return saker;
    } catch (error) {
      await saker.stop();
      throw error;
    }
  }

  #keep(chunk: Buffer): void {
    this.#output = (this.#output + chunk.toString()).slice(-100_000);
  }

  get output(): string {
    return this.#output;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async ready(deadlineMs = 20_000): Promise<void> {
    const answers = async (): Promise<boolean> => {
      const { exitCode } = this.#child;
      if (exitCode !== null) return true;
      return (await fetch(`${this.url}/readyz`)).ok;
    };
    await until(`readiness of ${this.url}`, answers, deadlineMs).catch((cause: unknown) => {
      throw new Error(`not ready: ${this.#output}`, { cause });
    });
    if (this.#child.exitCode !== null) throw new Error(`ended with ${this.#child.exitCode}: ${this.#output}`);
  }

  /** Signs in with the one-time code from the terminal. */
  async signIn(): Promise<Console> {
    const code = await until('a one-time code', () => /one-time code\s+(\S+)/.exec(this.#output)?.[1]);
    return Console.signIn(this.url, code);
  }

  /** Pids of the processes that the supervisor runs, by name. */
  async processes(): Promise<Map<string, number>> {
    const found = new Map<string, number>();
    for (const entry of await readdir('/proc')) {
      if (!/^\d+$/.test(entry)) continue;
      const [stat, commandLine] = await Promise.all([read(`/proc/${entry}/stat`), read(`/proc/${entry}/cmdline`)]);
      const parent = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1];
      if (Number(parent) !== this.pid) continue;
      for (const [name, program] of Object.entries(programs)) {
        if (commandLine.includes(program)) found.set(name, Number(entry));
      }
    }
    return found;
  }

  /** Stops it as Ctrl-C would; returns its exit code. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = new Promise<void>((resolve) => this.#child.once('exit', () => resolve()));
      this.#child.kill(signal);
      const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS_MAX);
      await ended;
      clearTimeout(timer);
    }
    if (this.#ownsFolder)
      await rm(this.dataDirectory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    return this.#child.exitCode;
  }
}

const read = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');
