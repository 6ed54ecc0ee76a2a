import { describeError } from '../../core/index.ts';
import { isRunning } from '../driver.ts';
import type { ActionRecord } from '../record/action-log.ts';
import { lookUntil, mayBeRetried, type Step, type StepContext, type StepOutcome } from './step.ts';

/** SIGTERM comes so long before SIGKILL. */
export const STOP_GRACE_SECONDS = 10;

/** A killed container is given this long to be gone: 5 s. */
const KILLED = { tries: 11, delayMs: 500 };

/** A removal that Docker has begun for somebody else is given this long: 5 s. */
const REMOVED = { tries: 11, delayMs: 500 };

/** stop → kill → remove; a container that even SIGKILL does not end is stuck (`autoscaling.md` A13). */
export const removeSteps: readonly Step[] = [
  { name: 'stop', run: stop },
  { name: 'kill', run: kill },
  { name: 'remove', run: remove },
];

/** Asked once: a stop that hangs holds locks in dockerd, and another would queue up behind it. */
async function stop(context: StepContext, { containerId: id }: ActionRecord): Promise<StepOutcome> {
  if (id === null) return { kind: 'failed', error: 'the record says nothing of what to remove' };
  if (!(await runs(context, id))) return { kind: 'skip-to', step: 'remove' };
  try {
    await context.driver.stop(id, STOP_GRACE_SECONDS);
  } catch {
    // Whatever went wrong with the polite way, what counts is whether it still runs.
    return { kind: 'next' };
  }
  return (await runs(context, id)) ? { kind: 'next' } : { kind: 'skip-to', step: 'remove' };
}

async function kill(context: StepContext, { containerId }: ActionRecord): Promise<StepOutcome> {
  if (containerId === null) return { kind: 'skip-to', step: 'stop' };
  const refusal = await context.driver.kill(containerId).then(
    () => 'no signal ends it',
    (error: unknown) => describeError(error),
  );
  const ended = await lookUntil(context, async () => !(await runs(context, containerId)), KILLED);
  if (ended) return { kind: 'next' };
  return { kind: 'stuck', error: `still running after SIGKILL: ${refusal}` };
}

async function remove(context: StepContext, { containerId }: ActionRecord): Promise<StepOutcome> {
  if (containerId === null) return { kind: 'skip-to', step: 'stop' };
  try {
    await context.driver.remove(containerId);
  } catch (error) {
    if (mayBeRetried(error)) throw error;
    // Refused, perhaps because a removal is under way already.
    const gone = await lookUntil(context, async () => (await context.driver.inspect(containerId)) === null, REMOVED);
    return gone ? { kind: 'done' } : { kind: 'failed', error: describeError(error) };
  }
  return { kind: 'done' };
}

async function runs({ driver }: StepContext, id: string): Promise<boolean> {
  const container = await driver.inspect(id);
  return container !== null && isRunning(container);
}
