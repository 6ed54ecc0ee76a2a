import type { Amount } from '../../groups/policies/policy.ts';

/**
 * The count that a step of `amount` leads to from `current`. A percentage rounds as AWS does
 * (`autoscaling.md` A4): away from nothing to one, else towards zero.
 */
export function stepFrom(current: number, amount: Amount, direction: 1 | -1): number {
  switch (amount.unit) {
    case 'count':
      return current + direction * amount.value;
    case 'percent':
      return current + direction * Math.max(1, Math.floor((current * amount.value) / 100));
    case 'exact':
      return amount.value;
  }
}
