import { AppError, type RangeQuery } from '../../core/index.ts';
import type { BucketValue, Range } from '../../realtime/index.ts';

/** Buckets that a chart gets when it does not say how wide they are. */
const BUCKETS_WANTED = 600;

/** Widths that a person would choose, in seconds. */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400];

/** History rests in one-minute rollups: no bucket that it answers is narrower. */
const HISTORY_STEP_SECONDS = 60;

/** What a chart wants of a bucket when it does not say. */
const VALUES_DEFAULT = ['count', 'min', 'max', 'avg'];

/** A query in whole buckets, cut where history ends and the ring begins. */
export type RangePlan = {
  readonly range: Range;
  /** Empty (`from` = `to`) where the ring holds all of it. */
  readonly old: Range;
  readonly recent: Range;
  /** Names as asked for, and what they mean, in the same order. */
  readonly names: readonly string[];
  readonly values: readonly BucketValue[];
};

/** `oldest` is the first second that the ring holds. Throws `BAD_REQUEST` for what makes no sense. */
export function planRange(query: RangeQuery, oldest: number): RangePlan {
  if (query.fromMs >= query.toMs) {
    throw new AppError('BAD_REQUEST', 'the range is empty: fromMs must be before toMs', { where: 'body/fromMs' });
  }
  const range = query.raw === true ? wholeSeconds(query) : wholeBuckets(query, oldest);
  const seam = Math.min(range.to, Math.max(range.from, Math.ceil(oldest / range.step) * range.step));
  const names = query.values ?? VALUES_DEFAULT;
  const plan = {
    range,
    old: { ...range, to: seam },
    recent: { ...range, from: seam },
    names,
    values: names.map(bucketValue),
  };
  refuseContradictions(query);
  if (plan.old.from < plan.old.to) refuseWithoutHistory(query, plan);
  return plan;
}

function wholeSeconds({ fromMs, toMs }: RangeQuery): Range {
  return { from: Math.floor(fromMs / 1000), to: Math.ceil(toMs / 1000), step: 1 };
}

function wholeBuckets({ fromMs, toMs, stepSeconds }: RangeQuery, oldest: number): Range {
  const wanted = stepSeconds ?? niceStep((toMs - fromMs) / 1000 / BUCKETS_WANTED);
  const needsHistory = Math.floor(fromMs / 1000 / wanted) * wanted < oldest;
  const step = needsHistory ? Math.ceil(wanted / HISTORY_STEP_SECONDS) * HISTORY_STEP_SECONDS : wanted;
  return { from: Math.floor(fromMs / 1000 / step) * step, to: Math.ceil(toMs / 1000 / step) * step, step };
}

const niceStep = (seconds: number): number => STEPS.find((step) => step >= seconds) ?? 86_400;

/** The schema has let through a reduction, or a percentile. */
function bucketValue(name: string): BucketValue {
  switch (name) {
    case 'count':
    case 'min':
    case 'max':
    case 'avg':
    case 'sum':
    case 'last':
      return name;
    default:
      return Number(name.slice(1)) / 100;
  }
}

function refuseContradictions({ raw, values, across, stepSeconds }: RangeQuery): void {
  if (raw === true && (values ?? across ?? stepSeconds) !== undefined) {
    throw new AppError('BAD_REQUEST', 'raw samples have no buckets', {
      where: 'body/raw',
      hint: 'leave out raw, or values, across and stepSeconds',
    });
  }
  if (across !== undefined && values !== undefined) {
    throw new AppError('BAD_REQUEST', 'series that become one have one value a bucket', {
      where: 'body/values',
      hint: 'leave out values; across.of says what stands for each series',
    });
  }
}

/** History rests in minutes of min, max, sum and count: what needs the samples themselves it can not answer. */
function refuseWithoutHistory({ raw, across }: RangeQuery, { values, names, recent }: RangePlan): void {
  const at = values.findIndex((value) => typeof value === 'number' || value === 'last');
  const refused = raw === true ? 'raw samples' : across?.of === 'last' ? 'last' : at >= 0 ? names[at] : undefined;
  if (refused === undefined) return;
  throw new AppError('BAD_REQUEST', `${refused} can be answered of the last 24 h only, the range begins before`, {
    where: 'body/fromMs',
    hint: `begin at ${recent.from * 1000} or later, or ask for avg, min, max, sum or count`,
  });
}
