import { Cron } from 'croner';
import type { Freeze } from '../../groups/policies/policy.ts';

type Known = { readonly fromMs: number; readonly untilMs: number; readonly endMs: number | null };

/** From one firing of a cron to the next nothing about its windows changes. */
const known = new WeakMap<Freeze, Known>();

/** When the freeze that is in force ends; null where none is. */
export function frozenUntil(freezes: readonly Freeze[], nowMs: number): number | null {
  let endMs: number | null = null;
  for (const freeze of freezes) {
    const end = endOf(freeze, nowMs);
    if (end !== null && end > nowMs) endMs = Math.max(end, endMs ?? 0);
  }
  return endMs;
}

function endOf(freeze: Freeze, nowMs: number): number | null {
  if (freeze.kind === 'once') return freeze.fromMs <= nowMs ? freeze.untilMs : null;
  const cached = known.get(freeze);
  if (cached !== undefined && cached.fromMs <= nowMs && nowMs < cached.untilMs) return cached.endMs;
  const cron = new Cron(freeze.cron, { timezone: freeze.zone });
  const [last] = cron.previousRuns(1, new Date(nowMs + 1));
  const untilMs = cron.nextRun(new Date(nowMs))?.getTime() ?? Number.POSITIVE_INFINITY;
  const endMs = last === undefined ? null : last.getTime() + freeze.forMs;
  known.set(freeze, { fromMs: last?.getTime() ?? nowMs, untilMs, endMs });
  return endMs;
}
