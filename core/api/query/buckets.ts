import { type Static, Type } from 'typebox';
import { metricSchema, nameSchema, tagsSchema } from '../../schema.ts';
import { closed, sample, timeMs } from '../parts.ts';

/** Most buckets of one series in one answer: three screens wide. */
export const BUCKETS_MAX = 11_000;

/** Series picked by name; a left-out field picks all. `tags` are the ones a series must have. */
export const selectorSchema = Type.Object(
  {
    endpoints: Type.Optional(Type.Array(nameSchema, { minItems: 1, maxItems: 1000 })),
    metrics: Type.Array(metricSchema, { minItems: 1, maxItems: 100 }),
    tags: Type.Optional(tagsSchema),
  },
  closed,
);

/** Which time, and in how many pieces. */
export const rangeFields = {
  fromMs: Type.Integer({
    minimum: 0,
    maximum: 2 ** 48,
    description: 'Start, inclusive; rounded down to a whole step',
  }),
  toMs: Type.Integer({ minimum: 0, maximum: 2 ** 48, description: 'End, exclusive; rounded up to a whole step' }),
  stepSeconds: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 31_536_000,
      description: 'Width of a bucket; chosen so that about 600 fit when left out',
    }),
  ),
} as const;

export const queryRangeSchema = Type.Object(
  {
    select: selectorSchema,
    ...rangeFields,
  },
  closed,
);

/** Buckets side by side: index `i` stands for `fromMs + i × stepSeconds`; null is a bucket without samples. */
export const rangeSeriesSchema = Type.Object(
  {
    endpoint: nameSchema,
    metric: metricSchema,
    tags: tagsSchema,
    unit: Type.Union([Type.String(), Type.Null()]),
    count: Type.Array(Type.Integer({ minimum: 0 })),
    min: Type.Array(sample),
    max: Type.Array(sample),
    avg: Type.Array(sample),
  },
  closed,
);

export const queryRangeAnswerSchema = Type.Object(
  {
    fromMs: timeMs,
    toMs: timeMs,
    stepSeconds: Type.Integer({ minimum: 1 }),
    sources: Type.Array(Type.Union([Type.Literal('ring'), Type.Literal('history')]), {
      description: 'What answered: the ring holds the last 24 h by seconds, history one-minute rollups',
    }),
    series: Type.Array(rangeSeriesSchema),
  },
  closed,
);

export type Selector = Static<typeof selectorSchema>;
export type QueryRange = Static<typeof queryRangeSchema>;
export type RangeSeries = Static<typeof rangeSeriesSchema>;
export type QueryRangeAnswer = Static<typeof queryRangeAnswerSchema>;
