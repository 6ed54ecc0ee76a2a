import type { Clock } from '../core/index.ts';
import type { TerminalStreams } from './top/screen.ts';

/** What a command may touch of the outside; tests hand in their own. */
export type Terminal = {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly clock: Clock;
  /** The terminal itself, for what fills the whole of it. */
  readonly streams: TerminalStreams;
  /** Aborts when the person or the system wants the process to stop. */
  readonly signal: AbortSignal;
};

export type Command = {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  readonly help: string;
  /** Returns the exit code: 0 done, 1 failed, 2 wrong use. */
  readonly run: (args: readonly string[], terminal: Terminal) => Promise<number>;
};

/** Wrong use of a command: one line, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
