import { assertNever } from '../../../core/index.ts';
import type { Policy } from '../../groups/policies/policy.ts';
import { proposeByBands } from './bands.ts';
import { proposeByForecast } from './forecast.ts';
import { proposeByWork } from './proportional.ts';
import { type Memo, noMemo, type Proposed, type View } from './proposal.ts';
import { proposeBySchedule } from './schedule.ts';
import { proposeByThreshold } from './threshold.ts';
import { proposeByAlert, proposeByWebhook } from './trigger.ts';

/** What one policy would have, given what it remembers. Pure. */
export function propose(policy: Policy, view: View, memo: Memo): Proposed {
  switch (policy.kind) {
    case 'threshold':
      return { proposal: proposeByThreshold(policy, view), memo };
    case 'bands':
      return { proposal: proposeByBands(policy, view), memo };
    case 'target':
    case 'work':
    case 'occupancy':
      return proposeByWork(policy, view, memo);
    case 'schedule':
      return { proposal: proposeBySchedule(policy, view.nowMs), memo: noMemo };
    case 'forecast':
      return proposeByForecast(policy, view, memo);
    case 'alert':
      return proposeByAlert(policy, view, memo);
    case 'webhook':
      return { proposal: proposeByWebhook(policy, view), memo: noMemo };
    default:
      return assertNever(policy);
  }
}
