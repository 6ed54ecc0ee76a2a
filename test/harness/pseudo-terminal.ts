/**
 * A program in a real pseudo-terminal, made by `script` of util-linux: what it draws, typing, and
 * changes of size. The terminal's path comes from `tty`, so that `stty` can be asked about it and
 * can change it from outside, as a window manager would.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from './waiting.ts';

const run = promisify(execFile);
const OUTPUT_LENGTH_MAX = 2_000_000;
/** One picture, from where it begins to where the rest of the screen is cleared. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal is told.
const FRAME = /\u001b\[\?2026h\u001b\[H([\s\S]*?)\u001b\[J\u001b\[\?2026l/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above.
const SEQUENCE = /\u001b\[[0-9;?]*[A-Za-z]/g;

export type PseudoTerminalOptions = {
  readonly columns?: number;
  readonly rows?: number;
  readonly environment?: Readonly<Record<string, string>>;
};

export class PseudoTerminal {
  readonly #child: ChildProcess;
  readonly #folder: string;
  #output = '';
  #code: number | null = null;

  /** Starts `command`, an argument list whose words need no quotes. */
  constructor(command: readonly string[], { columns = 80, rows = 24, environment = {} }: PseudoTerminalOptions = {}) {
    this.#folder = mkdtempSync(join(tmpdir(), 'saker-pty-'));
    const place = this.#folder;
    const words = command.map((word) => `'${word}'`).join(' ');
    writeFileSync(`${place}/program`, `echo $$ >${place}/pid\nexec ${words}\n`);
    // The shell does what one at a prompt does: gives the program the terminal as a job of its own, and sees how it left
    // the terminal when it ended, or when Ctrl-Z stopped it (128 + SIGTSTP), after which it says `fg`.
    const around = [
      `stty cols ${columns} rows ${rows}`,
      `tty >${place}/tty`,
      'set -m',
      `sh ${place}/program`,
      'code=$?',
      `if [ $code = 148 ]; then stty -a >${place}/stopped; fg >/dev/null; code=$?; fi`,
      `stty -a >${place}/after`,
      'exit $code',
    ];
    writeFileSync(`${place}/around`, `${around.join('\n')}\n`);
    const env = { ...process.env, TERM: 'xterm', NO_COLOR: '', ...environment };
    this.#child = spawn('script', ['-qfec', `sh ${place}/around`, '/dev/null'], {
      env,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#output = (this.#output + text).slice(-OUTPUT_LENGTH_MAX);
    });
    this.#child.on('exit', (code) => {
      this.#code = code ?? -1;
    });
  }

  /** Everything that was written to the terminal, sequences included. */
  get output(): string {
    return this.#output;
  }

  /** The newest picture that is whole, without sequences; empty before the first. */
  get screen(): readonly string[] {
    const newest = [...this.#output.matchAll(FRAME)].at(-1)?.[1] ?? '';
    return newest.replaceAll(SEQUENCE, '').split(/\r*\n/);
  }

  /** The settings of the terminal after the program ended, or while it was stopped, as `stty -a` tells them. */
  settings(when: 'after' | 'stopped'): string {
    return readFileSync(join(this.#folder, when), 'utf8');
  }

  /** Of the program, not of what is around it. */
  get pid(): number {
    return Number(readFileSync(join(this.#folder, 'pid'), 'utf8'));
  }

  type(keys: string): void {
    this.#child.stdin?.write(keys);
  }

  async resize(columns: number, rows: number): Promise<void> {
    const path = readFileSync(join(this.#folder, 'tty'), 'utf8').trim();
    await run('stty', ['-F', path, 'cols', String(columns), 'rows', String(rows)]);
  }

  /** Waits for a picture. */
  shows(what: string, test: (screen: readonly string[]) => boolean): Promise<boolean> {
    return until(what, () => test(this.screen)).catch((cause: unknown) => {
      throw new Error(`the screen never showed ${what}:\n${this.screen.join('\n')}`, { cause });
    });
  }

  ended(): Promise<number> {
    return until('the end of the program', () => (this.#code === null ? false : { code: this.#code })).then(
      ({ code }) => code,
    );
  }

  /** Ends what still runs and removes what it left. */
  close(): void {
    if (this.#code === null) this.#child.kill('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
