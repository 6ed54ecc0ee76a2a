import type { Board } from './board.ts';

/** Where the figures come from. */
export type Source = {
  readonly kind: 'local' | 'server';
  /** The host's name, or the server's address. */
  readonly title: string;
  /** True where the local probes run inside a container. */
  readonly isInside: boolean;
  readonly board: Board;
  /** Now, by the clock of whoever measures. */
  nowMs(): number;
  /** What a person should know: a server or a Docker engine that can not be reached. */
  readonly note: string | null;
  /** Calls `onTick` whenever the board holds a new second, until `signal` aborts. */
  run(onTick: () => void, signal: AbortSignal): Promise<void>;
};
