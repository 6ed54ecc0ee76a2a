/**
 * As many instances as the work needs: HPA's formula (`autoscaling.md` A1, `ceil(ratio × count)`)
 * over the sum of what the instances do. Instances without a sample do nothing when more is wanted,
 * and no fewer are wanted while one is missing. Knative's panic mode (A8) on top.
 */
import type { ProportionalPolicy } from '../../groups/policies/policy.ts';
import { plural, rounded } from '../words.ts';
import {
  meanWords,
  needsSampleOf,
  noMemo,
  type Proposal,
  type Proposed,
  proposal,
  readingOf,
  unread,
  type View,
} from './proposal.ts';

export function proposeByWork(policy: ProportionalPolicy, view: View, memo: Proposed['memo']): Proposed {
  const { plan, signal } = view;
  const { current, second } = signal;
  const reading = readingOf(view, policy.metric);
  const window = signal.windows[plan.metrics.indexOf(policy.metric)];
  if (current === 0 || reading === undefined || reading.mean === null || window === undefined) {
    return { proposal: unread(policy, view), memo };
  }
  const mean = policy.overSeconds === 0 ? reading.mean : (window.meanOver(policy.overSeconds, second) ?? reading.mean);
  const wants = countFor(policy, mean * reading.freshCount);
  const panicking = panic(policy, view, memo);
  if (panicking !== null) return panicking;
  const ratio = (mean * reading.freshCount) / (policy.each * current);
  const said = `${policy.metric} ${meanWords(mean, reading)}, ${aimOf(policy)}`;
  const say = (said: Pick<Proposal, 'wants' | 'code' | 'reason' | 'lean'>): Proposed => ({
    proposal: proposal(policy, said),
    memo: noMemo,
  });
  if (ratio > 1 + policy.tolerance.up && wants > current) {
    return say({ wants, lean: 1, code: 'load-high', reason: `${said}: ${plural(wants, 'instance')} would do` });
  }
  if (ratio < 1 - policy.tolerance.down && wants < current) {
    if (reading.missing.length > 0) {
      const reason = `${said}: ${plural(wants, 'instance')} would do, but ${needsSampleOf(reading.missing)}`;
      return say({ wants: current, lean: -1, code: 'missing-data', reason });
    }
    return say({ wants, lean: -1, code: 'load-low', reason: `${said}: ${plural(wants, 'instance')} would do` });
  }
  return say({ wants: current, lean: 0, code: 'steady', reason: `${said}: within tolerance` });
}

/** Instances for so much work. A hair over a whole number is that number. */
export function countFor({ each }: Pick<ProportionalPolicy, 'each'>, work: number): number {
  return Math.max(0, Math.ceil(work / each - 1e-9));
}

function aimOf({ kind, each }: ProportionalPolicy): string {
  if (kind === 'target') return `target ${rounded(each)}`;
  if (kind === 'work') return `${rounded(each)} each`;
  return `${rounded(each)} ms of each second busy`;
}

/** Follows the short mean and takes nothing back until a long window has passed without the cause. */
function panic(policy: ProportionalPolicy, view: View, memo: Proposed['memo']): Proposed | null {
  const { signal, plan, nowMs } = view;
  const window = signal.windows[plan.metrics.indexOf(policy.metric)];
  const reading = readingOf(view, policy.metric);
  if (policy.panic === null || window === undefined || reading === undefined) return null;
  const { shortSeconds, longSeconds, factor } = policy.panic;
  const count = (seconds: number) =>
    countFor(policy, (window.meanOver(seconds, signal.second) ?? 0) * reading.freshCount);
  const [short, long] = [count(shortSeconds), count(longSeconds)];
  const begins = short >= factor * signal.current;
  const untilMs = begins ? nowMs + longSeconds * 1000 : (memo.untilMs ?? 0);
  if (nowMs >= untilMs || untilMs > nowMs + longSeconds * 1000) return null;
  const most = Math.max(short, long, signal.current, memo.most ?? 0);
  const until = `nothing is taken back for ${Math.ceil((untilMs - nowMs) / 1000)} s`;
  const reason = `panic: the last ${shortSeconds} s of ${policy.metric} need ${plural(short, 'instance')}, ${signal.current} run; ${until}`;
  return { proposal: proposal(policy, { wants: most, lean: 1, code: 'panic', reason }), memo: { untilMs, most } };
}
