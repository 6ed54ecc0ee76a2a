/**
 * Floors and ceilings by the clock (`autoscaling.md` A6). A row holds from its time until the next
 * row's, whichever row that is; an event holds from one moment to another and goes before the rows.
 * Daylight saving is the cron reader's: a time that is skipped is kept at the moment of the change,
 * one that comes twice fires once.
 */
import { Cron } from 'croner';
import type { ScheduleEvent, SchedulePolicy, ScheduleRow } from '../../groups/policies/policy.ts';
import { type Proposal, proposal } from './proposal.ts';

export function proposeBySchedule(policy: SchedulePolicy, nowMs: number): Proposal {
  const event = policy.events.find(({ fromMs, untilMs }) => fromMs <= nowMs && nowMs < untilMs);
  if (event !== undefined) return held(policy, event, `event until ${new Date(event.untilMs).toISOString()}`);
  const row = rowInForce(policy, nowMs);
  if (row === null) {
    return proposal(policy, { wants: null, code: 'bounds', reason: `schedule ${policy.name}: no row has come yet` });
  }
  return held(policy, row, `row "${row.cron}" (${policy.zone})`);
}

function held(policy: SchedulePolicy, { floor, ceiling }: ScheduleRow | ScheduleEvent, which: string): Proposal {
  const least = floor === null ? '' : ` at least ${floor}`;
  const most = ceiling === null ? '' : ` at most ${ceiling}`;
  return proposal(policy, {
    wants: null,
    code: 'bounds',
    reason: `schedule ${policy.name}, ${which}:${least}${most}`,
    floor,
    ceiling,
  });
}

type Known = { readonly fromMs: number; readonly untilMs: number; readonly row: ScheduleRow | null };

/** A row is looked for once, not once a second: what is in force from one firing to the next. */
const known = new WeakMap<SchedulePolicy, Known>();

/** The row that fired last at or before `nowMs`; null where none ever has. */
export function rowInForce(policy: SchedulePolicy, nowMs: number): ScheduleRow | null {
  const cached = known.get(policy);
  if (cached !== undefined && cached.fromMs <= nowMs && nowMs < cached.untilMs) return cached.row;
  let [fromMs, untilMs] = [0, Number.POSITIVE_INFINITY];
  let inForce: ScheduleRow | null = null;
  for (const row of policy.rows) {
    const cron = new Cron(row.cron, { timezone: policy.zone });
    const [last] = cron.previousRuns(1, new Date(nowMs + 1));
    const next = cron.nextRun(new Date(nowMs));
    if (next !== null) untilMs = Math.min(untilMs, next.getTime());
    // Of two at the same moment the lower one in the file goes.
    if (last !== undefined && last.getTime() >= fromMs) [fromMs, inForce] = [last.getTime(), row];
  }
  // What a table says is looked up anew at least once an hour, so that a clock set back is followed.
  known.set(policy, { fromMs: Math.max(fromMs, nowMs - 3_600_000), untilMs, row: inForce });
  return inForce;
}
