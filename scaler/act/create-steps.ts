import { describeError } from '../../core/index.ts';
import type { ActionRecord } from '../record/action-log.ts';
import { lookUntil, mayBeRetried, type Step, type StepContext, type StepOutcome } from './step.ts';

/** A started container is given this long to be seen running: 2 s. */
const VERIFY = { tries: 11, delayMs: 200 };

/** Container of a template, from nothing to running. */
export const createSteps: readonly Step[] = [
  { name: 'create', run: create },
  { name: 'start', run: start },
  { name: 'verify', run: verify },
];

/**
 * Looks for the container of this action first: one that an earlier try has made is used, whoever
 * did not hear of it. The name holds the action's id as well, so even two creates at once make one.
 */
async function create({ driver }: StepContext, { id, spec }: ActionRecord): Promise<StepOutcome> {
  const made = await driver.findByAction(id);
  if (made !== null) return { kind: 'next', containerId: made.id };
  if (spec === null) return { kind: 'failed', error: 'the record says nothing of what to create' };
  return { kind: 'next', containerId: await driver.create(spec) };
}

async function start(context: StepContext, { containerId }: ActionRecord): Promise<StepOutcome> {
  if (containerId === null) return { kind: 'skip-to', step: 'create' };
  try {
    await context.driver.start(containerId);
    return { kind: 'next' };
  } catch (error) {
    if (mayBeRetried(error)) throw error;
    await sweep(context, containerId);
    return { kind: 'failed', error: describeError(error) };
  }
}

async function verify(context: StepContext, { containerId }: ActionRecord): Promise<StepOutcome> {
  if (containerId === null) return { kind: 'skip-to', step: 'create' };
  const { driver } = context;
  const runs = await lookUntil(context, async () => (await driver.inspect(containerId))?.state === 'running', VERIFY);
  if (runs) return { kind: 'done' };
  await sweep(context, containerId);
  return { kind: 'failed', error: 'the container ended as soon as it was started: see its image and command' };
}

/** Takes away what will never serve. */
async function sweep({ driver }: StepContext, containerId: string): Promise<void> {
  try {
    await driver.kill(containerId);
    await driver.remove(containerId);
  } catch {
    // What stays all the same is found by the reconciler as left over, and removed by an action.
  }
}
