import type { Gate } from '../decide/signal.ts';
import { seconds } from '../decide/words.ts';
import type { ActionRecord } from '../record/action-log.ts';
import { ACTIONS_MAX } from './actor.ts';
import type { GroupRuntime } from './group-runtime.ts';

export type GateFacts = {
  readonly runtime: GroupRuntime;
  readonly running: ActionRecord | null;
  /** True while as many actions run as may. */
  readonly full: boolean;
  readonly monotonicMs: number;
};

/** What forbids a change of this group just now, whatever the policy wishes. */
export function gatesOf({ runtime, running, full, monotonicMs }: GateFacts): Gate[] {
  const gates: Gate[] = [];
  const { group, instances, retryAtMs, lastError } = runtime;
  if (running !== null) {
    const verb = running.kind === 'create' ? 'creating' : 'removing';
    const reason = `${verb} ${running.container} is under way (step ${running.step})`;
    gates.push({ code: 'action-running', stops: 'all', reason });
  }
  if (retryAtMs > monotonicMs) {
    const reason = `the last action failed (${lastError}), next try in ${seconds(retryAtMs - monotonicMs)}`;
    gates.push({ code: 'back-off', stops: 'all', reason });
  }
  if (full && running === null) {
    gates.push({ code: 'actions-limit', stops: 'all', reason: `${ACTIONS_MAX} actions of other groups are under way` });
  }
  if (instances.length > 0 && !group.adopt && !instances.some(({ ours }) => ours)) {
    const reason = 'none of the instances was made by Saker, and others are only removed with "adopt: true"';
    gates.push({ code: 'not-removable', stops: 'remove', reason });
  }
  return gates;
}
