/** The policies of a group, as the groups file is read: units resolved, conditions compiled. */
import type { Compiled, Expression } from '../../../core/index.ts';

/** How far a step goes: so many instances, a share of the current ones, or to a count. */
export type Amount = { readonly unit: 'count' | 'percent' | 'exact'; readonly value: number };

/** One side of a threshold policy: a condition of the rule language over the means of the group. */
export type Trigger = {
  readonly when: Expression;
  /** Metric of each test of the condition, in the order of `testsOf`. */
  readonly metrics: readonly string[];
  readonly compiled: Compiled;
  readonly by: Amount;
};

/** Xiaomi Ocean's form (`autoscaling.md` A5). A side that is left out never fires. */
export type ThresholdPolicy = {
  readonly kind: 'threshold';
  readonly name: string;
  readonly metric: string;
  readonly add: Trigger | null;
  readonly remove: Trigger | null;
};

/** From `from` on, up to but not including `to`; an open end is null. */
export type Band = { readonly from: number | null; readonly to: number | null; readonly by: Amount };

/** AWS's step scaling (A4): the further from the target, the larger the step. */
export type BandsPolicy = {
  readonly kind: 'bands';
  readonly name: string;
  readonly metric: string;
  readonly consecutive: number;
  readonly bands: readonly Band[];
};

/** Knative's panic mode (A8): a short mean that wants `factor` times what runs is followed at once. */
export type Panic = { readonly shortSeconds: number; readonly longSeconds: number; readonly factor: number };

/**
 * As many instances as the work needs. `target`: the mean of the metric is held at `each`; `work`:
 * each instance does so much of the sum; `occupancy`: Tencent Hive's busy share (A7), with `each`
 * the busy milliseconds of a second that an instance should have.
 */
export type ProportionalPolicy = {
  readonly kind: 'target' | 'work' | 'occupancy';
  readonly name: string;
  readonly metric: string;
  readonly each: number;
  /** Shares of the target within which nothing changes. */
  readonly tolerance: { readonly up: number; readonly down: number };
  /** The mean over so many seconds is followed; 0 is the newest second alone. */
  readonly overSeconds: number;
  readonly panic: Panic | null;
};

/** Holds from its time on, until the next row's. Null leaves the group's own bound. */
export type ScheduleRow = { readonly cron: string; readonly floor: number | null; readonly ceiling: number | null };
export type ScheduleEvent = {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly floor: number | null;
  readonly ceiling: number | null;
};

export type SchedulePolicy = {
  readonly kind: 'schedule';
  readonly name: string;
  /** IANA name. */
  readonly zone: string;
  readonly rows: readonly ScheduleRow[];
  readonly events: readonly ScheduleEvent[];
};

/** A floor for what the work will be once an instance that is started now is there. */
export type ForecastPolicy = {
  readonly kind: 'forecast';
  readonly name: string;
  readonly metric: string;
  readonly each: number;
  /** Null: the start-up time as measured. */
  readonly leadMs: number | null;
  /** One-sided bound in standard deviations of the forecast's own errors. */
  readonly deviations: number;
};

/** Steps while an alert of this rule is open, once each `everyMs`. */
export type AlertPolicy = {
  readonly kind: 'alert';
  readonly name: string;
  readonly rule: string;
  readonly by: Amount;
  readonly everyMs: number;
};

/** Bounds that somebody else sets by a call, until a time that the call names. */
export type WebhookPolicy = { readonly kind: 'webhook'; readonly name: string; readonly forMsMax: number };

export type Policy =
  | ThresholdPolicy
  | BandsPolicy
  | ProportionalPolicy
  | SchedulePolicy
  | ForecastPolicy
  | AlertPolicy
  | WebhookPolicy;

/** At most so many instances, or such a share of them, in each period. The most generous rule counts. */
export type RateLimit = { readonly unit: 'count' | 'percent'; readonly value: number; readonly periodMs: number };

/** Times in which nothing changes: a window after each cron time, or one from a moment to another. */
export type Freeze =
  | { readonly kind: 'cron'; readonly cron: string; readonly zone: string; readonly forMs: number }
  | { readonly kind: 'once'; readonly fromMs: number; readonly untilMs: number };

export type Guards = {
  readonly cooldownMs: { readonly add: number; readonly remove: number };
  /** The least (up) and the greatest (down) wish of so long a time is followed. */
  readonly stabiliseMs: { readonly up: number; readonly down: number };
  readonly limits: { readonly add: readonly RateLimit[]; readonly remove: readonly RateLimit[] };
  /** So many changes of direction within `periodMs`; then nothing is removed until one is older. */
  readonly flaps: { readonly max: number; readonly periodMs: number };
  /** Share of the warm instances that must have a fresh sample before anything is added by load. */
  readonly quorum: number;
  readonly freezes: readonly Freeze[];
};

/** What `decide` works from. */
export type Plan = {
  readonly min: number;
  readonly max: number;
  readonly policies: readonly Policy[];
  readonly guards: Guards;
  /** Metrics that the policies look at; a reading and a window of each come with every signal. */
  readonly metrics: readonly string[];
};

/** The policy in which a change is sought: those that are about load and those that are about bounds. */
export const boundKinds: ReadonlySet<Policy['kind']> = new Set(['schedule', 'forecast', 'webhook']);

/** Metrics of the policies, each once, in the order in which they come. */
export function metricsOf(policies: readonly Policy[]): string[] {
  const names = policies.flatMap((policy) => {
    switch (policy.kind) {
      case 'threshold':
        return [policy.metric, ...(policy.add?.metrics ?? []), ...(policy.remove?.metrics ?? [])];
      case 'bands':
      case 'target':
      case 'work':
      case 'occupancy':
      case 'forecast':
        return [policy.metric];
      default:
        return [];
    }
  });
  return [...new Set(names)];
}
