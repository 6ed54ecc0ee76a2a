import type { Gate } from '../../decide/signal.ts';
import { seconds } from '../../decide/words.ts';
import type { ActionRecord } from '../../record/action-log.ts';
import { ACTIONS_MAX } from '../actor.ts';
import type { GroupRuntime } from './group-runtime.ts';

export type GateFacts = {
  readonly runtime: GroupRuntime;
  readonly running: ActionRecord | null;
  /** True while as many actions run as may. */
  readonly full: boolean;
  readonly monotonicMs: number;
  readonly nowMs: number;
  /** Why somebody has stopped all scaling; null while it goes on. */
  readonly stopped: string | null;
  /** What is spent of the changes over all groups. */
  readonly spent: { readonly add: string | null; readonly remove: string | null };
};

/** What forbids a change of this group just now, whatever the policy wishes. */
export function gatesOf(facts: GateFacts): Gate[] {
  const { runtime, running, full, monotonicMs } = facts;
  const gates: Gate[] = [...operatorGates(facts)];
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

/** What people have said: the switch, a pause, the mode, and how much may change at all. */
function* operatorGates({ runtime, stopped, spent, nowMs }: GateFacts): Iterable<Gate> {
  const { mode, paused } = runtime.group;
  if (stopped !== null) yield { code: 'kill-switch', stops: 'all', reason: `all scaling is stopped: ${stopped}` };
  if (paused !== null)
    yield { code: 'paused', stops: paused, reason: `the group says "paused: ${paused === 'all' ? 'true' : paused}"` };
  if (mode === 'observe') yield { code: 'observe', stops: 'all', reason: 'the group says "mode: observe"' };
  if (mode === 'advise') yield* approvalGate(runtime, nowMs);
  for (const kind of ['add', 'remove'] as const) {
    const reason = spent[kind];
    if (reason !== null) yield { code: 'fleet-limit', stops: kind, reason };
  }
}

function* approvalGate({ approval, instances }: GroupRuntime, nowMs: number): Iterable<Gate> {
  const current = instances.length;
  const isOpen = (kind: 'add' | 'remove') => {
    if (approval === null || approval.kind !== kind || approval.untilMs <= nowMs) return false;
    return kind === 'add' ? current < approval.wanted : current > approval.wanted;
  };
  const reason = 'the group says "mode: advise", and nobody has approved it yet';
  for (const kind of ['add', 'remove'] as const) if (!isOpen(kind)) yield { code: 'approval', stops: kind, reason };
}
