import { type Clock, isAppError, sleep } from '../../core/index.ts';
import type { ContainerDriver } from '../driver.ts';
import type { ActionRecord } from '../record/action-log.ts';

/** What every step may use. */
export type StepContext = {
  readonly driver: ContainerDriver;
  readonly clock: Clock;
  /** Aborts when the scaler closes. The action is then left as it is, to be resumed by the next run. */
  readonly closing: AbortSignal;
};

export type StepOutcome =
  | { readonly kind: 'next'; readonly containerId?: string }
  /** Nothing is left to do; the steps that follow are not needed. */
  | { readonly kind: 'done' }
  /** The step of this name comes next. */
  | { readonly kind: 'skip-to'; readonly step: string }
  | { readonly kind: 'failed'; readonly error: string }
  | { readonly kind: 'stuck'; readonly error: string };

/**
 * One step of an action. Runs again after a crash and after a call without an answer, so it first
 * looks what is there already. What the driver throws decides how it goes on: `TIMEOUT` and
 * `DOCKER_UNAVAILABLE` are tried again, a refusal ends the action.
 */
export type Step = {
  readonly name: string;
  readonly run: (context: StepContext, record: ActionRecord) => Promise<StepOutcome>;
};

/** Tries of one step, and the waits between them: 1 s, 2 s. What takes longer is decided anew. */
export const STEP_TRIES_MAX = 3;

export function retryDelayMs(triesSoFar: number): number {
  return 1000 * 2 ** (triesSoFar - 1);
}

/** True where the call may have taken effect, or may succeed when it is made again. */
export function mayBeRetried(error: unknown): boolean {
  return isAppError(error, 'TIMEOUT') || isAppError(error, 'DOCKER_UNAVAILABLE');
}

/**
 * Asks until `settled` says yes; false when it did not within `tries` looks.
 * Throws what the driver throws.
 */
export async function lookUntil(
  { clock, closing }: StepContext,
  settled: () => Promise<boolean>,
  looks: { readonly tries: number; readonly delayMs: number },
): Promise<boolean> {
  for (let look = 1; ; look++) {
    if (await settled()) return true;
    if (look >= looks.tries) return false;
    await sleep(clock, looks.delayMs, closing);
  }
}
