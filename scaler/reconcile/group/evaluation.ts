import type { Decision } from '../../../core/index.ts';
import { decide, type Verdict } from '../../decide/decide.ts';
import {
  FRESH_MS,
  type Gate,
  type Hook,
  type Inputs,
  type Reading,
  readInputs,
  type Signal,
} from '../../decide/signal.ts';
import type { DecisionDraft } from '../../record/decision-log.ts';
import type { GroupRuntime } from './group-runtime.ts';
import { InstanceInputs } from './instances.ts';

/** Inputs kept with a decision; of a larger group the missing ones and the first others. */
const INPUTS_KEPT_MAX = 100;

/** What an evaluation knows beside the group itself. */
export type Facts = {
  readonly second: number;
  readonly nowMs: number;
  readonly metricIndex: (metric: string) => number;
  readonly gates: readonly Gate[];
  readonly alerts: ReadonlySet<string>;
  readonly hooks: ReadonlyMap<string, Hook>;
  readonly planned: Signal['planned'];
};

/** Reads the samples, adds this second's means to the windows, and decides. */
export function evaluate(runtime: GroupRuntime, facts: Facts): Verdict {
  const { group, windows, instances, startMs } = runtime;
  const { second, nowMs, gates, alerts, hooks, planned } = facts;
  const trust = { quorum: group.plan.guards.quorum, freshMs: FRESH_MS };
  const readings: Reading[] = group.plan.metrics.map((metric, index) => {
    const reading = readInputs(inputsOf(runtime, facts.metricIndex(metric), nowMs), trust);
    if (reading.mean !== null) windows[index]?.push(second, reading.mean, reading.missing.length === 0);
    return reading;
  });
  const signal: Signal = {
    second,
    current: instances.length,
    readings,
    windows,
    gates,
    alerts,
    hooks,
    startMs,
    planned,
  };
  return decide(group.plan, signal, runtime.state, nowMs);
}

export function inputsOf({ group, instances }: GroupRuntime, metric: number, nowMs: number): Inputs {
  return new InstanceInputs(instances, { metric, nowMs, warmUpMs: group.warmUpMs });
}

/** What nobody decided: while it is not known what runs, nothing is changed. */
export function blind(runtime: GroupRuntime, trouble: string): Verdict {
  return {
    kind: 'hold',
    code: 'docker',
    wanted: runtime.instances.length,
    metric: runtime.group.plan.metrics[0] ?? null,
    mean: null,
    reason: `nothing is changed while it is not known what runs: ${trouble}`,
    winner: null,
    stages: { raw: null, stabilised: null, limited: null },
    guards: [],
    gates: [trouble],
    proposals: [],
    newState: runtime.state,
  };
}

export function draftOf(
  { group, instances }: GroupRuntime,
  verdict: Verdict,
  at: { readonly nowMs: number; readonly action: string | null },
): DecisionDraft {
  const { kind, code, metric, mean, wanted, reason, guards, gates, winner, stages, proposals } = verdict;
  return {
    group: group.name,
    atMs: at.nowMs,
    kind,
    code,
    metric,
    signal: mean,
    current: instances.length,
    wanted,
    reason,
    guards: [...guards],
    gates: [...gates],
    winner,
    stages,
    proposals: [...proposals],
    mode: group.mode,
    action: at.action,
  };
}

/** The samples as a decision keeps them: of many, those without one first. */
export function keptInputs(inputs: Inputs): Decision['inputs'] {
  const kept = Array.from({ length: inputs.count }, (_, index) => {
    const [value, ageMs] = [inputs.value(index), inputs.ageMs(index)];
    const isFresh = Number.isFinite(value) && Math.abs(ageMs) <= FRESH_MS;
    return {
      endpoint: inputs.endpoint(index),
      value: isFresh ? value : null,
      ageMs: Number.isFinite(ageMs) ? ageMs : null,
    };
  });
  if (kept.length <= INPUTS_KEPT_MAX) return kept;
  return kept.sort((a, b) => Number(a.value !== null) - Number(b.value !== null)).slice(0, INPUTS_KEPT_MAX);
}
