import { assert, describeError, isAppError, sleep } from '../../core/index.ts';
import type { ActionLog, ActionRecord } from '../record/action-log.ts';
import { createSteps } from './create-steps.ts';
import { removeSteps } from './remove-steps.ts';
import { mayBeRetried, retryDelayMs, STEP_TRIES_MAX, type Step, type StepContext, type StepOutcome } from './step.ts';

export type RunContext = StepContext & {
  readonly log: ActionLog;
  /** Told of every step, after it is recorded and before it runs. */
  readonly onStep: (record: ActionRecord) => void;
  /** Told each time that a step could not be recorded. */
  readonly onStoreFailure: (record: ActionRecord, error: unknown) => void;
};

/** Steps of one action, skips included; more would be a loop. */
const STEPS_MAX = 8;

const STORE_RETRY_MS_MAX = 10_000;

/** The step that an action of this kind begins with. */
export function firstStep(kind: ActionRecord['kind']): string {
  const [first] = stepsOf(kind);
  assert(first, 'a workflow of at least one step');
  return first.name;
}

/**
 * Runs an action from the step that its record names to its end, and returns the ended record.
 * Each step is durable before it starts; the first one is, by whoever began the action. The same
 * call resumes an action that a crash has cut: a step first looks what is there already.
 *
 * Throws when the scaler closes: the action stays `running` in the store, for the next run.
 */
export async function runAction(context: RunContext, begun: ActionRecord): Promise<ActionRecord> {
  const steps = stepsOf(begun.kind);
  let record = begun;
  let index = Math.max(
    0,
    steps.findIndex(({ name }) => name === begun.step),
  );
  for (let taken = 0; taken < STEPS_MAX; taken++) {
    const step = steps[index];
    if (step === undefined) return ended(context, record, 'done', null);
    if (step.name !== record.step) {
      record = { ...record, step: step.name };
      await recorded(context, record);
    }
    context.onStep(record);
    const outcome = await takeStep(context, step, record);
    context.closing.throwIfAborted();
    switch (outcome.kind) {
      case 'next':
        if (outcome.containerId !== undefined) record = { ...record, containerId: outcome.containerId };
        index++;
        break;
      case 'skip-to':
        index = steps.findIndex(({ name }) => name === outcome.step);
        assert(index >= 0, `a step called ${outcome.step}`);
        break;
      case 'done':
        return ended(context, record, 'done', null);
      case 'failed':
      case 'stuck':
        return ended(context, record, outcome.kind, outcome.error);
    }
  }
  return ended(context, record, 'failed', `no end after ${STEPS_MAX} steps`);
}

/** Tries a step again while Docker is away or silent; each try looks first what the last one did. */
async function takeStep(context: StepContext, step: Step, record: ActionRecord): Promise<StepOutcome> {
  for (let tries = 1; ; tries++) {
    try {
      return await step.run(context, record);
    } catch (error) {
      context.closing.throwIfAborted();
      if (!isAppError(error)) throw error;
      if (!mayBeRetried(error) || tries >= STEP_TRIES_MAX) return { kind: 'failed', error: describeError(error) };
      await sleep(context.clock, retryDelayMs(tries), context.closing);
    }
  }
}

async function ended(
  context: RunContext,
  record: ActionRecord,
  state: 'done' | 'failed' | 'stuck',
  error: string | null,
): Promise<ActionRecord> {
  const end = { ...record, state, error, endedAtMs: context.clock.nowMs() };
  await recorded(context, end);
  return end;
}

/**
 * Waits for a store that fails, for as long as it takes: without it no step may be taken, and
 * nothing else may be done to the group either. Ends by throwing when the scaler closes.
 */
async function recorded(context: RunContext, record: ActionRecord): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await context.log.update(record);
    } catch (error) {
      context.closing.throwIfAborted();
      if (!isAppError(error)) throw error;
      context.onStoreFailure(record, error);
      await sleep(context.clock, Math.min(retryDelayMs(tries), STORE_RETRY_MS_MAX), context.closing);
    }
  }
}

function stepsOf(kind: ActionRecord['kind']): readonly Step[] {
  return kind === 'create' ? createSteps : removeSteps;
}
