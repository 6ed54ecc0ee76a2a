/**
 * A floor for the work that comes while an instance starts. Holt's linear smoothing (Holt 1957,
 * reprinted International Journal of Forecasting 20(1), 2004) of the group's work, at the pace of
 * the samples, seen `lead` ahead, plus a one-sided bound of its own errors. Online and of fixed
 * size, so it suits seconds and minutes; days and weeks come from the capacity plan as `planned`.
 */
import type { ForecastPolicy } from '../../groups/policies/policy.ts';
import { plural, rounded } from '../words.ts';
import { type Memo, noMemo, type Proposed, proposal, readingOf, unread, type View } from './proposal.ts';

/** Weights of the newest sample in level, trend and squared error. */
const LEVEL = 0.3;
const TREND = 0.1;
const ERROR = 0.05;

/** Samples before a trend means anything. */
const SAMPLES_MIN = 20;

/** Seconds without a sample after which it learns anew. */
const HOLE_SECONDS = 600;

/** Where no start has been measured yet: a container that has its image, with its health check. */
const LEAD_MS = 10_000;

export function proposeByForecast(policy: ForecastPolicy, view: View, before: Memo): Proposed {
  const { signal } = view;
  const reading = readingOf(view, policy.metric);
  const mean = reading?.mean;
  if (signal.current === 0 || reading === undefined || mean === null || mean === undefined) {
    return { proposal: unread(policy, view), memo: before };
  }
  const memo = learn(before, signal.second, mean * reading.freshCount);
  const leadMs = policy.leadMs ?? signal.startMs ?? LEAD_MS;
  const samples = memo.samples ?? 0;
  if (samples < SAMPLES_MIN) {
    const reason = `forecast of ${policy.metric}: ${samples} of ${SAMPLES_MIN} samples seen`;
    return { proposal: proposal(policy, { wants: null, code: 'bounds', reason }), memo };
  }
  const ahead = leadMs / 1000;
  const expected = (memo.level ?? 0) + (memo.trend ?? 0) * ahead;
  const work = Math.max(0, expected + policy.deviations * Math.sqrt(memo.error ?? 0));
  const floor = Math.ceil(work / policy.each - 1e-9);
  const reason = `forecast of ${policy.metric} in ${rounded(ahead)} s: ${rounded(work)} in all, at least ${plural(floor, 'instance')}`;
  return { proposal: proposal(policy, { wants: null, code: 'bounds', reason, floor }), memo };
}

/** One step of the smoothing; the trend is a second's. The same second again changes nothing. */
function learn(before: Memo, second: number, work: number): Memo {
  const elapsed = second - (before.second ?? Number.NEGATIVE_INFINITY);
  if (elapsed === 0) return before;
  if (elapsed < 0 || elapsed > HOLE_SECONDS) return { ...noMemo, second, level: work, trend: 0, error: 0, samples: 1 };
  const trend = before.trend ?? 0;
  const expected = (before.level ?? work) + trend * elapsed;
  const missed = work - expected;
  return {
    second,
    level: expected + LEVEL * missed,
    trend: trend + (TREND * LEVEL * missed) / elapsed,
    error: (before.error ?? 0) * (1 - ERROR) + ERROR * missed * missed,
    samples: Math.min(SAMPLES_MIN, (before.samples ?? 0) + 1),
  };
}
