/**
 * The terminal as a full-screen program uses it: alternate screen, no cursor, raw keys; and given
 * back as it was on every way out that a process can notice: the end, an error that nobody caught,
 * a signal, Ctrl-Z.
 */
import type { ReadStream, WriteStream } from 'node:tty';
import { keysOf } from './view/keys.ts';
import type { Paint } from './view/palette.ts';
import { inColour, withoutColour } from './view/palette.ts';

const ENTER = '\u001b[?1049h\u001b[?25l\u001b[?7l';
const LEAVE = '\u001b[?7h\u001b[?25h\u001b[?1049l\u001b[0m';
/** A frame is put in place at once by terminals that know it (synchronized output), else as it comes. */
const BEGIN = '\u001b[?2026h\u001b[H';
const END = '\u001b[J\u001b[?2026l';
const TO_LINE_END = '\u001b[K';

/** For kill(2): every process of our group. */
const OWN_GROUP = 0;

const COLUMNS_DEFAULT = 80;
const ROWS_DEFAULT = 24;

/** The process's streams, and of its environment what concerns a terminal. */
export type TerminalStreams = {
  readonly stdin: ReadStream;
  readonly stdout: WriteStream;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The process, for signals and its end. */
  readonly events: Pick<NodeJS.Process, 'on' | 'off' | 'kill'>;
};

export class Screen {
  readonly #streams: TerminalStreams;
  readonly #onKey: (key: string) => void;
  readonly #onResize: () => void;
  #isOpen = false;

  constructor(streams: TerminalStreams, onKey: (key: string) => void, onResize: () => void) {
    this.#streams = streams;
    this.#onKey = onKey;
    this.#onResize = onResize;
  }

  get size(): { readonly columns: number; readonly rows: number } {
    const { columns, rows } = this.#streams.stdout;
    // A terminal that does not know its size says 0.
    return { columns: columns || COLUMNS_DEFAULT, rows: rows || ROWS_DEFAULT };
  }

  open(): void {
    const { stdin, stdout, events } = this.#streams;
    this.#enter();
    stdin.on('data', this.#heard);
    stdout.on('resize', this.#onResize);
    events.on('exit', this.#leave);
    events.on('uncaughtExceptionMonitor', this.#leave);
    events.on('SIGCONT', this.#resumed);
  }

  close(): void {
    const { stdin, stdout, events } = this.#streams;
    this.#leave();
    stdin.off('data', this.#heard);
    stdin.pause();
    stdout.off('resize', this.#onResize);
    events.off('exit', this.#leave);
    events.off('uncaughtExceptionMonitor', this.#leave);
    events.off('SIGCONT', this.#resumed);
  }

  draw(lines: readonly string[]): void {
    if (!this.#isOpen) return;
    this.#streams.stdout.write(BEGIN + lines.map((line) => line + TO_LINE_END).join('\r\n') + END);
  }

  #enter(): void {
    const { stdin, stdout } = this.#streams;
    this.#isOpen = true;
    stdout.write(ENTER);
    if (!stdin.isTTY) return;
    stdin.setRawMode(true);
    stdin.resume();
  }

  readonly #leave = (): void => {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const { stdin, stdout } = this.#streams;
    if (stdin.isTTY) stdin.setRawMode(false);
    stdout.write(LEAVE);
  };

  /** After a stop from outside the shell may have changed the modes behind our back, so they are set anew. */
  readonly #resumed = (): void => {
    const { stdin } = this.#streams;
    if (!this.#isOpen) this.#enter();
    else if (stdin.isTTY) {
      stdin.setRawMode(false);
      stdin.setRawMode(true);
    }
    this.#onResize();
  };

  readonly #heard = (input: Buffer): void => {
    for (const key of keysOf(input.toString('utf8'))) {
      if (key === 'ctrl-z') this.#suspend();
      else if (key === 'ctrl-l') this.#onResize();
      else this.#onKey(key);
    }
  };

  /** In raw mode the terminal does not stop us, so we do it, and whoever runs us (npx) with us, as it would. */
  #suspend(): void {
    const { events } = this.#streams;
    this.#leave();
    events.kill(OWN_GROUP, 'SIGTSTP');
    // We are here again after fg; or at once where nobody could continue us, and so nothing stopped.
    this.#resumed();
  }
}

/** A full screen needs a terminal that both shows and moves its cursor. */
export function isFullScreen({ stdout, environment }: TerminalStreams): boolean {
  return stdout.isTTY === true && environment.TERM !== 'dumb';
}

/** Colours, unless they are not wanted (no-color.org) or can not be shown. */
export function paintFor({ stdout, environment }: TerminalStreams, isWanted: boolean): Paint {
  const isRefused = (environment.NO_COLOR ?? '') !== '' || environment.TERM === 'dumb';
  return isWanted && !isRefused && stdout.isTTY === true ? inColour : withoutColour;
}
