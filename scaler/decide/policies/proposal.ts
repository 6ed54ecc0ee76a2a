import type { Plan, Policy } from '../../groups/policies/policy.ts';
import type { Reading, Signal } from '../signal.ts';
import { plural, rounded } from '../words.ts';

/** Why a policy says what it says, as a word. */
export type ProposalCode =
  | 'load-high'
  | 'load-low'
  | 'panic'
  | 'alert'
  | 'steady'
  | 'no-data'
  | 'warming'
  | 'missing-data'
  | 'bounds';

/** What one policy would have, and why. */
export type Proposal = {
  readonly policy: string;
  readonly kind: Policy['kind'];
  /** Instances that it asks for; null where it has nothing to say, or can not tell. */
  readonly wants: number | null;
  /** Where the load points, whatever is asked for: -1 fewer, 1 more. */
  readonly lean: -1 | 0 | 1;
  readonly code: ProposalCode;
  readonly reason: string;
  readonly floor: number | null;
  readonly ceiling: number | null;
};

/** What a policy remembers from one evaluation to the next; a plain value, replaced and never changed. */
export type Memo = Readonly<Record<string, number>>;
export const noMemo: Memo = {};

export type Proposed = { readonly proposal: Proposal; readonly memo: Memo };

/** What every policy looks at. */
export type View = {
  readonly plan: Plan;
  readonly signal: Signal;
  readonly nowMs: number;
  /** The second of the last change by load: steps count anew from there. */
  readonly changedSecond: number;
};

export type Voice = Pick<Policy, 'name' | 'kind'>;

export function proposal(
  { name, kind }: Voice,
  said: Pick<Proposal, 'wants' | 'code' | 'reason'> & Partial<Pick<Proposal, 'lean' | 'floor' | 'ceiling'>>,
): Proposal {
  return { policy: name, kind, lean: 0, floor: null, ceiling: null, ...said };
}

export function readingOf({ plan, signal }: View, metric: string): Reading | undefined {
  return signal.readings[plan.metrics.indexOf(metric)];
}

/** What a policy says that has no mean to go by. */
export function unread(policy: Voice & { readonly metric: string }, view: View): Proposal {
  const { current } = view.signal;
  if (current === 0) return proposal(policy, { wants: null, code: 'steady', reason: 'no instance is running' });
  const reading = readingOf(view, policy.metric);
  const warm = current - (reading?.warmingCount ?? 0);
  if (warm === 0) {
    const reason = `${plural(current, 'instance')} warming up, none is warm yet`;
    return proposal(policy, { wants: null, code: 'warming', reason });
  }
  const fresh = `${reading?.freshCount ?? 0} of ${plural(warm, 'warm instance')}`;
  const reason = `${fresh} with a fresh sample of ${policy.metric}: too few to judge`;
  return proposal(policy, { wants: null, code: 'no-data', reason });
}

export function meanWords(mean: number, reading: Reading): string {
  return `mean ${rounded(mean)} of ${plural(reading.freshCount, 'instance')}`;
}

/** Names a few of the instances that are missing; a large group may miss hundreds. */
export function needsSampleOf(missing: readonly string[]): string {
  const named = missing.slice(0, NAMED_MAX).join(', ');
  const others = missing.length > NAMED_MAX ? ` and ${missing.length - NAMED_MAX} more` : '';
  return `nothing is removed without a fresh sample of ${named}${others}`;
}

const NAMED_MAX = 5;
