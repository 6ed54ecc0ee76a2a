/**
 * Watches for samples that do not come (`nodata`). It asks the intake's own windows, so that seconds
 * are enough, and tells apart what Open-Falcon's pushed mock values can not:
 *
 * - the endpoint was stopped or removed (a container that was scaled in): no alert, and an open one ends;
 * - its collector is away: only series of the host itself alert, once for each rule, and the reason
 *   says whether the collector hung up (it died, the host's kernel lives) or just fell silent (the host
 *   is down, or cut off). What the host's containers do nobody knows, so nothing is said of them;
 * - the collector reports and the series does not, or nobody pushes it any more: an alert.
 *
 * A series that never had a sample is not missed.
 */
import type { TimestampMs } from '../../core/index.ts';
import type { Incidents } from './incidents.ts';
import { type Plan, type PlanEntry, WELL } from './plan/plan.ts';

/** A collector whose last tick is older is away: ticks come every second. */
const AWAY_SECONDS = 3;

/** A connection that ends this soon after a tick was closed by the other end; a dead host closes nothing. */
const HUNG_UP_SECONDS = 3;

export class Silence {
  readonly #incidents: Incidents;

  constructor(incidents: Incidents) {
    this.#incidents = incidents;
  }

  watch(plan: Plan, nowMs: TimestampMs, paused: ReadonlySet<string>): void {
    const nowSecond = Math.floor(nowMs / 1000);
    for (const entry of plan.watches) {
      if (paused.has(entry.rule.slug)) continue;
      const { rows, quietUntil } = entry;
      const { limit } = entry.rule.condition;
      for (let pair = 0; pair < rows.length; pair++) {
        const newest = plan.newestSecond(rows[pair] ?? 0);
        if (newest === 0) continue;
        const isSilent = nowSecond - Math.max(newest, plan.listeningSinceSecond) > limit;
        const until = quietUntil[pair] ?? WELL;
        const hasEnded = until !== WELL && isSilent && plan.isGone(rows[pair] ?? 0);
        if (!hasEnded && (isSilent ? nowSecond < until : until === WELL)) continue;
        this.#tell(plan, entry, pair, { nowSecond, newest, isSilent });
      }
    }
  }

  #tell(plan: Plan, entry: PlanEntry, pair: number, { nowSecond, newest, isSilent }: Found): void {
    const seconds = nowSecond - newest;
    const why = isSilent
      ? causeOf(plan, entry.rows[pair] ?? 0, nowSecond)
      : { kind: 'told', words: 'samples come again' };
    if (why.kind === 'unknown') return;
    const alert = entry.open.get(pair);
    if (why.kind === 'gone') {
      if (alert !== undefined) this.#incidents.close(alert, why.words);
      return;
    }
    this.#incidents.take(
      { plan, entry, pair },
      {
        judgement: {
          kind: 'judged',
          triggered: isSilent,
          leftValue: seconds,
          newestSecond: nowSecond,
          oldestSecond: nowSecond,
        },
        reason: () => (isSilent ? `no sample for ${seconds} s: ${why.words}` : why.words),
        points: null,
      },
      nowSecond,
    );
  }
}

type Found = { readonly nowSecond: number; readonly newest: number; readonly isSilent: boolean };
type Cause = { readonly kind: 'told' | 'gone' | 'unknown'; readonly words: string };

/** Why a series is silent, as far as anybody can know. */
export function causeOf(plan: Plan, row: number, nowSecond: number): Cause {
  const { endpoint } = plan.subjectOf(row);
  if (endpoint.state === 'gone') return { kind: 'gone', words: 'the container was stopped or removed' };
  if (plan.isPushed) return { kind: 'told', words: 'nobody has pushed one' };
  const heard = plan.lastHeard;
  if (nowSecond - heard.second <= AWAY_SECONDS) {
    return {
      kind: 'told',
      words: `its collector reports, and ${endpoint.name} runs; this series is not measured any more`,
    };
  }
  if (heard.second === 0 && endpoint.kind === 'host') {
    return { kind: 'told', words: 'its collector has not come back since the server started' };
  }
  if (endpoint.kind !== 'host') return { kind: 'unknown', words: `the collector of ${endpoint.host} is away` };
  const { leftSecond } = heard;
  const hasHungUp = leftSecond !== null && leftSecond - heard.second <= HUNG_UP_SECONDS;
  return {
    kind: 'told',
    words: hasHungUp
      ? 'its collector closed the connection: the collector has stopped, the host may well be up'
      : 'its collector fell silent without closing the connection: the host is down, or cut off',
  };
}
