import type { ScalingFinding } from '../../../core/index.ts';
import { initialState, type PolicyState } from '../../decide/state.ts';
import { MeanWindow, windowPoints } from '../../decide/window.ts';
import type { Container } from '../../driver.ts';
import type { Group } from '../../groups/group.ts';
import { findingsOf } from '../../trial/findings.ts';
import type { SampleBoard } from '../sample-board.ts';
import type { Instance } from './instances.ts';

/** What the reconciler keeps of a group between evaluations. */
export type GroupRuntime = {
  group: Group;
  state: PolicyState;
  /** By metric of the plan. */
  windows: readonly MeanWindow[];
  /** The newest second that was evaluated. */
  lastSecond: number;
  evaluating: boolean;
  /** Containers that match, as of the newest list. */
  members: readonly Container[];
  instances: readonly Instance[];
  /** Collectors that report the instances. */
  collectors: readonly string[];
  /** Versions of list, board and stuck containers that `instances` were joined from. */
  joined: string;
  /** Failed actions in a row, and until when (monotonic) nothing is tried. */
  failures: number;
  retryAtMs: number;
  lastError: string | null;
  /** What the action under way leads to. */
  goal: number;
  /** Time from decision to running instance, as the last creations took it; null before the first. */
  startMs: number | null;
  approval: Approval | null;
  /** What the static check says of the policies. */
  findings: readonly ScalingFinding[];
};

/** A person's yes to a change up to a count, in mode `advise`. */
export type Approval = { readonly kind: 'add' | 'remove'; readonly wanted: number; readonly untilMs: number };

export type LastChanges = { readonly addMs: number | null; readonly removeMs: number | null };

export function newRuntime(group: Group, last: LastChanges | undefined): GroupRuntime {
  return {
    group,
    state: { ...initialState, lastAddMs: last?.addMs ?? null, lastRemoveMs: last?.removeMs ?? null },
    windows: windowsOf(group),
    lastSecond: 0,
    evaluating: false,
    members: [],
    instances: [],
    collectors: [],
    joined: '',
    failures: 0,
    retryAtMs: 0,
    lastError: null,
    goal: 0,
    startMs: null,
    approval: null,
    findings: findingsOf(group.plan),
  };
}

function windowsOf({ plan }: Group): MeanWindow[] {
  const points = windowPoints(plan);
  return plan.metrics.map(() => new MeanWindow(points));
}

/** Weight of the newest creation in the start-up time. */
const START_WEIGHT = 0.3;

export function learnStart(runtime: GroupRuntime, tookMs: number): void {
  runtime.startMs = runtime.startMs === null ? tookMs : runtime.startMs * (1 - START_WEIGHT) + tookMs * START_WEIGHT;
}

/** Takes over a new definition. What was counted against other thresholds counts no more. */
export function redefine(runtime: GroupRuntime, group: Group): void {
  const same = JSON.stringify(runtime.group) === JSON.stringify(group);
  if (same) return;
  runtime.group = group;
  runtime.joined = '';
  runtime.failures = 0;
  runtime.retryAtMs = 0;
  runtime.windows = windowsOf(group);
  runtime.approval = null;
  runtime.findings = findingsOf(group.plan);
  const { lastAddMs, lastRemoveMs, changes } = runtime.state;
  runtime.state = { ...initialState, lastAddMs, lastRemoveMs, changes };
}

/** Hosts that report later than this are judged without, their instances marked missing. */
export const GRACE_MS = 2000;

/** No collector's clock makes a second come due that is further ahead than this. */
const AHEAD_SECONDS_MAX = 1;

/**
 * The second to evaluate now, or null: the newest that all of the group's collectors have reported,
 * or, when one of them stays silent, the newest that the grace has passed for.
 */
export function dueSecond(runtime: GroupRuntime, board: SampleBoard, nowMs: number): number | null {
  const now = Math.floor(nowMs / 1000);
  // The wall clock was set back.
  if (runtime.lastSecond > now + AHEAD_SECONDS_MAX) runtime.lastSecond = now - 1;
  let reported = Number.POSITIVE_INFINITY;
  for (const collector of runtime.collectors) reported = Math.min(reported, board.newestSecond(collector));
  if (runtime.collectors.length > 0 && reported > runtime.lastSecond) {
    const sane = Math.min(reported, now + AHEAD_SECONDS_MAX);
    if (sane > runtime.lastSecond) return sane;
  }
  const patient = Math.floor((nowMs - GRACE_MS) / 1000);
  return patient > runtime.lastSecond ? patient : null;
}

const RETRY_MS_MAX = 60_000;

/** Waits 1 s, 2 s, 4 s … 60 s after failures in a row; none after a success. */
export function backOff(runtime: GroupRuntime, error: string | null, monotonicMs: number): void {
  runtime.lastError = error;
  runtime.failures = error === null ? 0 : runtime.failures + 1;
  runtime.retryAtMs = error === null ? 0 : monotonicMs + Math.min(RETRY_MS_MAX, 1000 * 2 ** (runtime.failures - 1));
}
