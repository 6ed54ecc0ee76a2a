/** What others set off: an alert of the same rule language, and bounds that a call has set. */
import type { AlertPolicy, WebhookPolicy } from '../../groups/policies/policy.ts';
import { amountWords } from '../../groups/policies/words.ts';
import { seconds } from '../words.ts';
import { stepFrom } from './amount.ts';
import { type Memo, noMemo, type Proposal, type Proposed, proposal, type View } from './proposal.ts';

/** Steps at once when the alert opens, and again while it stays open. */
export function proposeByAlert(policy: AlertPolicy, { signal, nowMs, changedSecond }: View, memo: Memo): Proposed {
  if (!signal.alerts.has(policy.rule)) {
    return {
      proposal: proposal(policy, { wants: null, code: 'steady', reason: `alert ${policy.rule} is not open` }),
      memo: noMemo,
    };
  }
  const askedMs = memo.askedMs ?? Number.NEGATIVE_INFINITY;
  // Asked for until a change has come of it, then not again for a while.
  const isAsking = changedSecond < Math.floor(askedMs / 1000);
  const dueMs = isAsking ? nowMs : Math.max(askedMs, changedSecond * 1000) + policy.everyMs;
  if (memo.askedMs !== undefined && dueMs > nowMs) {
    const reason = `alert ${policy.rule} is open, the next step is due in ${seconds(dueMs - nowMs)}`;
    return { proposal: proposal(policy, { wants: signal.current, lean: 1, code: 'steady', reason }), memo };
  }
  const wants = stepFrom(signal.current, policy.by, 1);
  const reason = `alert ${policy.rule} is open, step ${amountWords(policy.by)}`;
  return { proposal: proposal(policy, { wants, lean: 1, code: 'alert', reason }), memo: { askedMs: nowMs } };
}

export function proposeByWebhook(policy: WebhookPolicy, { signal, nowMs }: View): Proposal {
  const hook = signal.hooks.get(policy.name);
  if (hook === undefined || hook.untilMs <= nowMs) {
    return proposal(policy, { wants: null, code: 'steady', reason: `webhook ${policy.name} holds nothing` });
  }
  const { floor, ceiling, untilMs } = hook;
  const reason = `webhook ${policy.name}, for ${seconds(untilMs - nowMs)} more: ${[
    floor === null ? '' : `at least ${floor}`,
    ceiling === null ? '' : `at most ${ceiling}`,
  ]
    .filter((part) => part !== '')
    .join(', ')}`;
  return proposal(policy, { wants: null, code: 'bounds', reason, floor, ceiling });
}
