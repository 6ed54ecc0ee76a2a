/** How fast and how often a group may change (`autoscaling.md` A1 stage 4, A9). */
import type { Plan, RateLimit } from '../../groups/policies/policy.ts';
import type { Change } from '../state.ts';
import { seconds } from '../words.ts';
import { type Against, type Guarded, held, passed } from './wish.ts';

/** So many changes are remembered; older ones than the longest period are forgotten first. */
const CHANGES_MAX = 256;

export function rememberChange(changes: readonly Change[], plan: Plan, change: Change): readonly Change[] {
  const { limits, flaps } = plan.guards;
  const longest = Math.max(flaps.periodMs, ...[...limits.add, ...limits.remove].map(({ periodMs }) => periodMs));
  const kept = changes.filter(({ atMs }) => atMs > change.atMs - longest && atMs <= change.atMs);
  return [...kept, change].slice(-CHANGES_MAX);
}

/** HPA's rule: what the period began with, and so much more or less; the most generous rule counts. */
export function rateLimited({ view, state, wish }: Against, wanted: number): Guarded {
  const { plan, signal, nowMs } = view;
  const rules = wish.kind === 'add' ? plan.guards.limits.add : plan.guards.limits.remove;
  if (rules.length === 0) return passed(wanted);
  const bounds = rules.map((rule) =>
    limitOf(rule, { current: signal.current, changes: state.changes, nowMs, kind: wish.kind }),
  );
  const limit = wish.kind === 'add' ? Math.max(...bounds) : Math.min(...bounds);
  const kept = wish.kind === 'add' ? Math.min(wanted, limit) : Math.max(wanted, limit);
  if (kept === wanted) return passed(wanted);
  const words = `limits.${wish.kind}: ${rules.map(limitWords).join(', ')}`;
  if (wish.kind === 'add' ? kept <= signal.current : kept >= signal.current)
    return held('rate-limit', `${words} is spent`);
  return passed(kept, [`${words} allows ${kept} for now`]);
}

type Period = {
  readonly current: number;
  readonly changes: readonly Change[];
  readonly nowMs: number;
  readonly kind: 'add' | 'remove';
};

function limitOf({ unit, value, periodMs }: RateLimit, { current, changes, nowMs, kind }: Period): number {
  let begun = current;
  for (const { atMs, delta } of changes) if (atMs > nowMs - periodMs) begun -= delta;
  begun = Math.max(0, begun);
  const sign = kind === 'add' ? 1 : -1;
  if (unit === 'count') return begun + sign * value;
  return kind === 'add' ? Math.ceil(begun * (1 + value / 100)) : Math.trunc(begun * (1 - value / 100));
}

export function limitWords({ unit, value, periodMs }: RateLimit): string {
  return `${value}${unit === 'percent' ? '%' : ''} in ${seconds(periodMs)}`;
}

/** Once a group has turned round so often, it stays large rather than turn once more. */
export function withinFlapBudget({ view, state }: Against): Guarded | null {
  const { flaps } = view.plan.guards;
  const recent = state.changes.filter(({ atMs }) => atMs > view.nowMs - flaps.periodMs);
  const turns = recent.filter(
    ({ delta }, index) => index > 0 && Math.sign(delta) !== Math.sign(recent[index - 1]?.delta ?? 0),
  );
  if (turns.length < flaps.max) return null;
  const waitMs = (turns[turns.length - flaps.max]?.atMs ?? 0) + flaps.periodMs - view.nowMs;
  return held(
    'flap-budget',
    `${turns.length} turns between more and fewer in ${seconds(flaps.periodMs)}: nothing is removed for ${seconds(waitMs)}`,
  );
}
