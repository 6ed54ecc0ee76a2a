/**
 * Runs Saker's processes side by side, each started again when it dies, all stopped together.
 * They are told to stop by a signal and notice when this process is gone by their IPC channel
 * closing, so that even kill -9 of it leaves no orphan.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { aborted, type Clock, sleep } from '../../core/index.ts';

const RESTART_DELAY_MIN_MS = 250;
const RESTART_DELAY_MAX_MS = 10_000;

/** A process that lived this long, or said that it is ready, had started well: its next restart is quick again. */
const HEALTHY_AFTER_MS = 10_000;

/** After this long, a process that was told to stop is killed. */
const STOP_DEADLINE_MS = 15_000;

/** Exit codes for wrong use, and for a configuration that can not work: starting again would not help. */
const EXITS_UNUSABLE: readonly number[] = [2, 3];

export type ProcessSpec = {
  readonly name: string;
  /** The module to run, below the built folder. */
  readonly module: string;
  readonly args: readonly string[];
  readonly nodeArgs?: readonly string[];
  /** Not before this resolves: what it needs is not there yet. */
  readonly after?: Promise<void>;
  /** Tells the message by which the process says that it does its work. */
  readonly isReady?: (message: unknown) => boolean;
};

export type SupervisorOptions = {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onMessage: (name: string, message: unknown) => void;
  readonly onExit: (name: string, how: string, restartMs: number) => void;
};

/** Resolves once all have ended: 0 after a stop, 2 or 3 when a process says that it can not work. */
export async function supervise(specs: readonly ProcessSpec[], options: SupervisorOptions): Promise<number> {
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const codes = await Promise.all(
    specs.map(async (spec) => {
      const code = await keepRunning(spec, { ...options, signal });
      if (code !== 0) stop.abort();
      return code;
    }),
  );
  return codes.find((code) => code !== 0) ?? 0;
}

async function keepRunning(spec: ProcessSpec, options: SupervisorOptions): Promise<number> {
  let delayMs = RESTART_DELAY_MIN_MS;
  await Promise.race([spec.after, aborted(options.signal)]);
  while (!options.signal.aborted) {
    const startedAtMs = options.clock.monotonicMs();
    let isHealthy = false;
    const onMessage = (name: string, message: unknown): void => {
      isHealthy ||= spec.isReady?.(message) ?? false;
      options.onMessage(name, message);
    };
    const ended = await runOnce(spec, { ...options, onMessage });
    if (options.signal.aborted) break;
    if (ended.code !== null && EXITS_UNUSABLE.includes(ended.code)) return ended.code;
    isHealthy ||= options.clock.monotonicMs() - startedAtMs > HEALTHY_AFTER_MS;
    if (isHealthy) delayMs = RESTART_DELAY_MIN_MS;
    options.onExit(spec.name, ended.how, delayMs);
    await sleep(options.clock, delayMs, options.signal).catch(() => {});
    delayMs = Math.min(delayMs * 2, RESTART_DELAY_MAX_MS);
  }
  return 0;
}

type Ended = { readonly code: number | null; readonly how: string };

function runOnce(spec: ProcessSpec, { clock, signal, onMessage }: SupervisorOptions): Promise<Ended> {
  const path = fileURLToPath(new URL(`../../${spec.module}`, import.meta.url));
  const child = spawn(process.execPath, ['--enable-source-maps', ...(spec.nodeArgs ?? []), path, ...spec.args], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  child.on('message', (message) => onMessage(spec.name, message));
  const stop = (): void => stopChild(child, clock);
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  return new Promise((resolve) => {
    const end = (ended: Ended): void => {
      signal.removeEventListener('abort', stop);
      resolve(ended);
    };
    child.once('error', (error) => end({ code: null, how: error.message }));
    child.once('exit', (code, by) => end({ code, how: by === null ? `exit code ${code}` : `signal ${by}` }));
  });
}

function stopChild(child: ChildProcess, clock: Clock): void {
  child.kill('SIGTERM');
  const cancel = clock.after(STOP_DEADLINE_MS, () => child.kill('SIGKILL'));
  child.once('exit', cancel);
}
