import { type Static, Type } from 'typebox';
import { metricSchema, nameSchema, tagsSchema } from '../../schema.ts';
import { closed, sample, timeMs } from '../parts.ts';
import { rangeFields } from './buckets.ts';
import { selectionSchema } from './select.ts';

/** A query that does not say gets so long; none gets longer than the second. */
export const QUERY_TIME_MS_DEFAULT = 10_000;
export const QUERY_TIME_MS_MAX = 60_000;

/** A sample this old still speaks for now: some collectors take a metric every few seconds. */
export const LOOKBACK_SECONDS_DEFAULT = 15;

const DAY_SECONDS = 86_400;

const count = Type.Integer({ minimum: 0 });
const unit = Type.Union([Type.String(), Type.Null()], {
  description: 'Unit of the values; null when unknown or mixed',
});

const reductionSchema = Type.Union(
  [
    Type.Literal('avg'),
    Type.Literal('min'),
    Type.Literal('max'),
    Type.Literal('sum'),
    Type.Literal('count'),
    Type.Literal('last'),
  ],
  { description: 'What stands for the samples of one series' },
);

const aggregationSchema = Type.Union(
  [Type.Literal('sum'), Type.Literal('avg'), Type.Literal('min'), Type.Literal('max'), Type.Literal('count')],
  { description: 'What many series come to' },
);

/** `p99` or `p99.9`. */
const PERCENTILE_PATTERN = '^p(100|[0-9]{1,2}(\\.[0-9]{1,3})?)$';

const bucketValueSchema = Type.Union([reductionSchema, Type.String({ pattern: PERCENTILE_PATTERN })], {
  description: 'avg, min, max, sum, count, last, or a percentile such as p99 or p99.9',
});

const bySchema = Type.Array(Type.String({ minLength: 1, maxLength: 255 }), {
  maxItems: 8,
  description: 'Labels by whose values series are put together; all are one group when left out',
});

const timeMsMaxSchema = Type.Integer({
  minimum: 1,
  maximum: QUERY_TIME_MS_MAX,
  description: `The query gives up after so many milliseconds, ${QUERY_TIME_MS_DEFAULT} when left out`,
});

export const rangeQuerySchema = Type.Object(
  {
    select: selectionSchema,
    ...rangeFields,
    values: Type.Optional(
      Type.Array(bucketValueSchema, {
        minItems: 1,
        maxItems: 12,
        uniqueItems: true,
        description: 'What is told of each bucket; count, min, max and avg when left out',
      }),
    ),
    raw: Type.Optional(
      Type.Literal(true, {
        description: 'Samples as they came, with their times, instead of buckets; of the last 24 h',
      }),
    ),
    across: Type.Optional(
      Type.Object(
        { aggregation: aggregationSchema, of: Type.Optional(reductionSchema), by: Type.Optional(bySchema) },
        { ...closed, description: 'Many series become one, or one a group; `of` a bucket of each, avg when left out' },
      ),
    ),
    timeMsMax: Type.Optional(timeMsMaxSchema),
  },
  {
    ...closed,
    examples: [
      { select: { metrics: ['cpu.busy'] }, fromMs: 1_700_000_000_000, toMs: 1_700_003_600_000, values: ['max', 'p99'] },
      {
        select: { metrics: ['cpu.busy'], matchers: [{ label: 'service', op: '!=', value: '' }] },
        fromMs: 1_700_000_000_000,
        toMs: 1_700_003_600_000,
        across: { aggregation: 'sum', by: ['service'] },
      },
    ],
  },
);

const column = Type.Array(sample);

const rangeRowSchema = Type.Object(
  {
    endpoint: nameSchema,
    metric: metricSchema,
    tags: tagsSchema,
    unit,
    count: Type.Optional(Type.Array(count, { description: 'Samples in each bucket' })),
    min: Type.Optional(column),
    max: Type.Optional(column),
    avg: Type.Optional(column),
    sum: Type.Optional(column),
    last: Type.Optional(column),
    timesMs: Type.Optional(Type.Array(timeMs, { description: 'With raw: when each sample was taken' })),
    value: Type.Optional(column),
  },
  {
    additionalProperties: column,
    description:
      'Index i stands for the bucket from fromMs + i × stepSeconds on; null is a bucket without samples. Percentiles are fields of their own name.',
  },
);

const labels = Type.Record(Type.String(), Type.String());

const rangeGroupSchema = Type.Object(
  {
    labels,
    unit,
    seriesCount: count,
    count: Type.Array(count, { description: 'Series with a sample in each bucket' }),
    value: column,
  },
  closed,
);

const source = Type.Union([Type.Literal('ring'), Type.Literal('history')]);

export const rangeAnswerSchema = Type.Object(
  {
    fromMs: timeMs,
    toMs: timeMs,
    stepSeconds: Type.Integer({ minimum: 1 }),
    sources: Type.Array(source, {
      description: 'What answered: the ring holds the last 24 h by seconds, history one-minute rollups',
    }),
    series: Type.Array(rangeRowSchema),
    groups: Type.Optional(Type.Array(rangeGroupSchema, { description: 'With across, instead of series' })),
  },
  closed,
);

export const instantQuerySchema = Type.Object(
  {
    select: selectionSchema,
    atMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 2 ** 48, description: 'The moment; now when left out' })),
    lookbackSeconds: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: DAY_SECONDS,
        description: `How old the newest sample may be, ${LOOKBACK_SECONDS_DEFAULT} when left out; never less than three steps of a series`,
      }),
    ),
    window: Type.Optional(
      Type.Object(
        { seconds: Type.Integer({ minimum: 1, maximum: DAY_SECONDS }), of: Type.Optional(reductionSchema) },
        {
          ...closed,
          description: 'Instead of the newest sample, what those of so many seconds come to; avg when left out',
        },
      ),
    ),
    across: Type.Optional(Type.Object({ aggregation: aggregationSchema, by: Type.Optional(bySchema) }, closed)),
    rank: Type.Optional(
      Type.Object(
        {
          order: Type.Union([Type.Literal('top'), Type.Literal('bottom')]),
          limit: Type.Integer({ minimum: 1, maximum: 1000 }),
        },
        { ...closed, description: 'Only so many, the largest (top) or smallest (bottom) first' },
      ),
    ),
    timeMsMax: Type.Optional(timeMsMaxSchema),
  },
  {
    ...closed,
    examples: [
      { select: { metrics: ['cpu.busy'] }, rank: { order: 'top', limit: 10 } },
      {
        select: { metrics: ['mem.usage.bytes'] },
        window: { seconds: 300, of: 'max' },
        across: { aggregation: 'sum', by: ['service'] },
      },
    ],
  },
);

export const instantAnswerSchema = Type.Object(
  {
    atMs: timeMs,
    seriesMatched: Type.Integer({
      minimum: 0,
      description: 'Series that the selection picks, with or without a value',
    }),
    series: Type.Array(
      Type.Object(
        { endpoint: nameSchema, metric: metricSchema, tags: tagsSchema, unit, value: sample, valueAtMs: timeMs },
        closed,
      ),
    ),
    groups: Type.Optional(
      Type.Array(Type.Object({ labels, unit, seriesCount: count, value: sample }, closed), {
        description: 'With across, instead of series',
      }),
    ),
  },
  closed,
);

/** Of a bucket's samples of one series, what stands for it. */
export type Reduction = Static<typeof reductionSchema>;

/** What many series come to in a bucket; each counts once. */
export type Aggregation = Static<typeof aggregationSchema>;

export type RangeQuery = Static<typeof rangeQuerySchema>;
export type RangeAnswer = Static<typeof rangeAnswerSchema>;
export type InstantQuery = Static<typeof instantQuerySchema>;
export type InstantAnswer = Static<typeof instantAnswerSchema>;
