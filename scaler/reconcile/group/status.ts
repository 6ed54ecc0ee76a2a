import type { Decision, GroupStatus } from '../../../core/index.ts';
import { policyWords } from '../../groups/policies/words.ts';
import type { GroupRuntime } from './group-runtime.ts';

/** A group as the API shows it. */
export function statusOf(runtime: GroupRuntime, isActing: boolean, lastDecision: Decision | null): GroupStatus {
  const { group, instances, findings, startMs, goal } = runtime;
  const { name, plan, step, template, mode, paused } = group;
  return {
    name,
    image: template.image,
    min: plan.min,
    max: plan.max,
    step,
    mode,
    paused,
    policies: plan.policies.map((policy) => ({ name: policy.name, kind: policy.kind, words: policyWords(policy) })),
    findings: [...findings],
    approval: mode === 'advise' && lastDecision !== null ? waitingOf(lastDecision) : null,
    startSeconds: startMs === null ? null : startMs / 1000,
    current: instances.length,
    // How many instances the group is on its way to.
    wanted: isActing ? goal : (lastDecision?.wanted ?? instances.length),
    instances: instances.map(({ endpoint }) => endpoint),
    lastDecision,
  };
}

/** What a person may say yes to: the change that the newest decision wanted and only the mode held back. */
function waitingOf({ code, current, stages: { limited }, reason }: Decision): GroupStatus['approval'] {
  if (code !== 'approval' || limited === null || limited === current) return null;
  return { kind: limited > current ? 'add' : 'remove', wanted: limited, reason };
}
