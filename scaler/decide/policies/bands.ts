/** AWS's step scaling (`autoscaling.md` A4): the band that the mean has been in decides the step. */
import type { Band, BandsPolicy } from '../../groups/policies/policy.ts';
import { amountWords } from '../../groups/policies/words.ts';
import { plural, rounded } from '../words.ts';
import { stepFrom } from './amount.ts';
import { meanWords, needsSampleOf, type Proposal, proposal, readingOf, unread, type View } from './proposal.ts';

export function proposeByBands(policy: BandsPolicy, view: View): Proposal {
  const { plan, signal, changedSecond } = view;
  const { current } = signal;
  const reading = readingOf(view, policy.metric);
  const window = signal.windows[plan.metrics.indexOf(policy.metric)];
  if (current === 0 || reading === undefined || reading.mean === null || window === undefined)
    return unread(policy, view);
  const { mean } = reading;
  const band = policy.bands.find((each) => isIn(each, mean));
  const said = `${policy.metric} ${meanWords(mean, reading)}`;
  if (band === undefined) {
    return proposal(policy, { wants: current, code: 'steady', reason: `${said}: no band is there` });
  }
  const direction = band.by.value < 0 ? -1 : 1;
  const isLow = band.by.unit === 'exact' ? band.by.value < current : direction < 0;
  if (isLow && reading.missing.length > 0) {
    const reason = `${said}, but ${needsSampleOf(reading.missing)}`;
    return proposal(policy, { wants: current, lean: -1, code: 'missing-data', reason });
  }
  const points = isLow ? window.wholeSince(changedSecond) : window.since(changedSecond);
  // Of the bands that the last points were in, the mildest is taken.
  let [count, mildest] = [0, mean];
  while (
    count < Math.min(points.count, policy.consecutive) &&
    sideOf(policy, points.value(count)) === (isLow ? -1 : 1)
  ) {
    mildest = isLow ? Math.max(mildest, points.value(count)) : Math.min(mildest, points.value(count));
    count++;
  }
  const lean = isLow ? -1 : 1;
  if (count < policy.consecutive) {
    const reason = `${said}: ${count} of ${plural(policy.consecutive, 'second')} in a band`;
    return proposal(policy, { wants: current, lean, code: 'steady', reason });
  }
  const chosen = policy.bands.find((each) => isIn(each, mildest)) ?? band;
  const by = { ...chosen.by, value: Math.abs(chosen.by.value) };
  const reason = `${said}: for ${plural(policy.consecutive, 'second')} in the band ${bandWords(chosen)} or beyond it, step ${amountWords(chosen.by)}`;
  return proposal(policy, {
    wants: stepFrom(current, by, direction),
    lean,
    code: isLow ? 'load-low' : 'load-high',
    reason,
  });
}

/** Lower end inclusive, upper end exclusive. */
function isIn({ from, to }: Band, value: number): boolean {
  return (from === null || value >= from) && (to === null || value < to);
}

function sideOf(policy: BandsPolicy, value: number): -1 | 0 | 1 {
  const band = policy.bands.find((each) => isIn(each, value));
  if (band === undefined) return 0;
  return band.by.value < 0 ? -1 : 1;
}

export function bandWords({ from, to }: Band): string {
  return `${from === null ? '…' : rounded(from)} to ${to === null ? '…' : rounded(to)}`;
}
