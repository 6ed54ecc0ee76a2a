import { type Static, Type } from 'typebox';
import { metricSchema, nameSchema, tagsSchema } from '../schema.ts';
import { endpointSchema } from '../series/endpoint.ts';
import { closed, timeMs } from './parts.ts';

export const endpointStatusSchema = Type.Object(
  {
    ...endpointSchema.properties,
    collector: nameSchema,
    lastSampleMs: Type.Union([timeMs, Type.Null()], { description: 'Start of the newest second with a sample' }),
    seriesCount: Type.Integer({ minimum: 0 }),
  },
  closed,
);

export const endpointsAnswerSchema = Type.Object(
  { nowMs: timeMs, endpoints: Type.Array(endpointStatusSchema) },
  closed,
);

export const collectorStatusSchema = Type.Object(
  {
    name: nameSchema,
    connected: Type.Boolean(),
    version: Type.String(),
    lastFrameMs: Type.Union([timeMs, Type.Null()]),
    ackedSeq: Type.Integer({ minimum: 0 }),
    clockSkewMs: Type.Union([Type.Number(), Type.Null()], {
      description: 'Collector minus server at the last frame, transfer time included',
    }),
    seriesCount: Type.Integer({ minimum: 0 }),
    seriesRefused: Type.Integer({ minimum: 0 }),
  },
  closed,
);

export const collectorsAnswerSchema = Type.Object(
  { nowMs: timeMs, collectors: Type.Array(collectorStatusSchema) },
  closed,
);

export const seriesQuerySchema = Type.Object(
  {
    endpoint: Type.Optional(nameSchema),
    metric: Type.Optional(metricSchema),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, default: 1000 })),
  },
  closed,
);

export const describedSeriesSchema = Type.Object(
  {
    endpoint: nameSchema,
    metric: metricSchema,
    tags: tagsSchema,
    unit: Type.Union([Type.String(), Type.Null()], {
      description: 'Null for a metric that the catalogue does not know',
    }),
  },
  closed,
);

export const seriesAnswerSchema = Type.Object(
  { series: Type.Array(describedSeriesSchema), truncated: Type.Boolean() },
  closed,
);

export const metricDefinitionSchema = Type.Object(
  {
    name: metricSchema,
    unit: Type.String(),
    kind: Type.Union([Type.Literal('GAUGE'), Type.Literal('COUNTER')]),
    decimals: Type.Integer({ minimum: 0 }),
    on: Type.Union([Type.Literal('host'), Type.Literal('container'), Type.Literal('both')]),
    tags: Type.Array(Type.String()),
    help: Type.String(),
  },
  closed,
);

export const metadataAnswerSchema = Type.Object({ metrics: Type.Array(metricDefinitionSchema) }, closed);

export type EndpointStatus = Static<typeof endpointStatusSchema>;
export type EndpointsAnswer = Static<typeof endpointsAnswerSchema>;
export type CollectorStatus = Static<typeof collectorStatusSchema>;
export type CollectorsAnswer = Static<typeof collectorsAnswerSchema>;
export type SeriesAnswer = Static<typeof seriesAnswerSchema>;
export type DescribedSeries = Static<typeof describedSeriesSchema>;
export type MetadataAnswer = Static<typeof metadataAnswerSchema>;
