import type { Policy } from '../groups/group.ts';

/** One running instance as the policy sees it. */
export type Input = {
  readonly endpoint: string;
  /** The newest sample; null where there is none, or one that is not a finite number. */
  readonly value: number | null;
  /** Age of the newest sample; null where there never was one. Negative when its clock is ahead. */
  readonly ageMs: number | null;
  /** Too young to count. */
  readonly warming: boolean;
};

/** Something outside of the policy that forbids a change at the moment. */
export type Gate = {
  readonly code: GateCode;
  readonly stops: 'all' | 'remove';
  readonly reason: string;
};

export type GateCode = 'docker' | 'action-running' | 'back-off' | 'actions-limit' | 'not-removable';

export type Signal = {
  /** The wall-clock second that this evaluation stands for; each second counts once. */
  readonly second: number;
  /** Running instances, warming ones included, stuck ones not. As many as there are inputs. */
  readonly current: number;
  readonly inputs: readonly Input[];
  readonly gates: readonly Gate[];
};

/** What the inputs amount to. */
export type Reading = {
  /** Over warm instances with a fresh sample; null when fewer than half of the warm ones have one. */
  readonly mean: number | null;
  readonly freshCount: number;
  readonly warmingCount: number;
  /** Warm instances without a fresh sample. While there is one, nothing is removed. */
  readonly missing: readonly string[];
};

/** A sample further than this from now, in either direction, is no evidence about now. */
export const FRESH_MS = 2000;

export function isFresh(input: Input): boolean {
  if (input.value === null || !Number.isFinite(input.value)) return false;
  return input.ageMs !== null && Math.abs(input.ageMs) <= FRESH_MS;
}

/**
 * The mean over warm instances. Half of them must have a fresh sample: the rest may be missing
 * because they are in trouble, and then the load is on those that still report.
 */
export function readInputs(inputs: readonly Input[]): Reading {
  let sum = 0;
  let freshCount = 0;
  let warmingCount = 0;
  const missing: string[] = [];
  for (const input of inputs) {
    if (input.warming) warmingCount++;
    else if (isFresh(input)) {
      sum += input.value ?? 0;
      freshCount++;
    } else missing.push(input.endpoint);
  }
  const enough = freshCount > 0 && freshCount >= missing.length;
  return { mean: enough ? sum / freshCount : null, freshCount, warmingCount, missing };
}

export type Counts = {
  /** Seconds in a row above `add.above`, and below `remove.below`, no further than the policy asks for. */
  readonly up: number;
  readonly down: number;
  /** The newest second that was counted or passed over. */
  readonly second: number;
  /** The newest second that had a mean. */
  readonly sampledSecond: number;
};

export const noCounts: Counts = { up: 0, down: 0, second: 0, sampledSecond: 0 };

/** After a hole of more seconds, what was counted before it says nothing about now. */
const HOLE_SECONDS_MAX = 30;

/** A second this much older than the newest means that the wall clock was set back. */
const STEP_BACK_SECONDS = 60;

/**
 * Open-Falcon and Xiaomi Ocean count samples in a row (`autoscaling.md` A5): a second without a
 * mean counts for neither direction and resets neither. A second in which some instance is missing
 * may count towards more instances, never towards fewer.
 */
export function countSecond(policy: Policy, reading: Reading, second: number, before: Counts): Counts {
  const steppedBack = second < before.second - STEP_BACK_SECONDS;
  if (second <= before.second && !steppedBack) return before;
  const forgotten = steppedBack || second - before.sampledSecond > HOLE_SECONDS_MAX;
  const up = forgotten ? 0 : before.up;
  const down = forgotten ? 0 : before.down;
  const { mean } = reading;
  if (mean === null) return { up, down, second, sampledSecond: forgotten ? second : before.sampledSecond };
  if (mean > policy.add.above) {
    return { up: Math.min(up + 1, policy.add.consecutive), down: 0, second, sampledSecond: second };
  }
  if (mean >= policy.remove.below) return { up: 0, down: 0, second, sampledSecond: second };
  const counted = reading.missing.length === 0 ? Math.min(down + 1, policy.remove.consecutive) : down;
  return { up: 0, down: counted, second, sampledSecond: second };
}
