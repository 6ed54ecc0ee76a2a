import { compare } from '../../../core/index.ts';
import type { Policy } from '../../groups/policies/policy.ts';
import { readingOf, type View } from './proposal.ts';
import { thresholdOf } from './threshold.ts';

export type Projected = { readonly mean: number; readonly limit: number };

/**
 * Azure's final-state projection (`autoscaling.md` A9): the mean that `left` instances would have,
 * where the policy would add at it again; null where it would not, or does not go by a mean.
 */
export function projectedAbove(policy: Policy, view: View, left: number): Projected | null {
  if (!('metric' in policy)) return null;
  const reading = readingOf(view, policy.metric);
  if (reading === undefined || reading.mean === null) return null;
  const mean = (reading.mean * view.signal.current) / left;
  switch (policy.kind) {
    case 'threshold': {
      const high = policy.add === null ? undefined : thresholdOf(policy.add, policy.metric);
      const isUpward = high !== undefined && (high.operator === '>' || high.operator === '>=');
      return isUpward && compare(mean, high.operator, high.rightValue) ? { mean, limit: high.rightValue } : null;
    }
    case 'bands': {
      const from = Math.min(...policy.bands.flatMap(({ from, by }) => (by.value > 0 && from !== null ? [from] : [])));
      return mean >= from ? { mean, limit: from } : null;
    }
    case 'target':
    case 'work':
    case 'occupancy': {
      const limit = policy.each * (1 + policy.tolerance.up);
      return mean > limit ? { mean, limit } : null;
    }
    default:
      return null;
  }
}
