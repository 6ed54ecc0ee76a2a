import { assertNever, formatExpression } from '../../../core/index.ts';
import type { Amount, Policy } from './policy.ts';

const share = (value: number): string => `${Math.round(value * 1000) / 10}%`;

export function amountWords({ unit, value }: Amount): string {
  if (unit === 'count') return String(value);
  return unit === 'percent' ? `${value}%` : `=${value}`;
}

/** A policy in one line, as a person would write it down. */
export function policyWords(policy: Policy): string {
  switch (policy.kind) {
    case 'threshold': {
      const { metric, add, remove } = policy;
      const more = add === null ? [] : [`+${amountWords(add.by)} when ${formatExpression(add.when)}`];
      const fewer = remove === null ? [] : [`−${amountWords(remove.by)} when ${formatExpression(remove.when)}`];
      return `${metric}: ${[...more, ...fewer].join(', ')}`;
    }
    case 'bands':
      return `${policy.metric}: ${policy.bands.map(({ from, to, by }) => `${from ?? '…'}–${to ?? '…'} ${amountWords(by)}`).join(', ')}`;
    case 'target':
      return `${policy.metric} at ${policy.each} (+${share(policy.tolerance.up)}, −${share(policy.tolerance.down)})`;
    case 'work':
      return `${policy.metric}: ${policy.each} each`;
    case 'occupancy':
      return `${policy.metric}: busy ${policy.each}`;
    case 'schedule': {
      const bounds = (floor: number | null, ceiling: number | null) => `${floor ?? ''}…${ceiling ?? ''}`;
      const rows = policy.rows.map(({ cron, floor, ceiling }) => `${cron} → ${bounds(floor, ceiling)}`);
      return `${policy.zone}: ${[...rows, ...policy.events.map(() => 'event')].join('; ')}`;
    }
    case 'forecast':
      return `${policy.metric}: ${policy.each} each, ${policy.leadMs === null ? 'start-up time' : `${policy.leadMs / 1000} s`} ahead`;
    case 'alert':
      return `+${amountWords(policy.by)} while ${policy.rule} is open`;
    case 'webhook':
      return `at most ${policy.forMsMax / 1000} s a call`;
    default:
      return assertNever(policy);
  }
}
