import { type Static, Type } from 'typebox';
import { parserOf } from '../schema.ts';
import { describedSeriesSchema } from './inventory.ts';
import { closed, sample } from './parts.ts';
import { selectionSchema } from './query/select.ts';

/** A subscription's number, chosen by the client, its own on each connection. */
const id = Type.Integer({ minimum: 1, maximum: 1_000_000 });

export const liveRequestSchema = Type.Union([
  Type.Object({ type: Type.Literal('subscribe'), id, select: selectionSchema }, closed),
  Type.Object({ type: Type.Literal('unsubscribe'), id }, closed),
]);

/** Names the columns `first …` of a subscription; sent before the first tick that uses them. */
const seriesMessage = Type.Object(
  { type: Type.Literal('series'), id, first: Type.Integer({ minimum: 0 }), series: Type.Array(describedSeriesSchema) },
  closed,
);

/** One second of one collector: `values[i]` belongs to column `columns[i]`. A column left out has no sample in this second. */
const tickMessage = Type.Object(
  {
    type: Type.Literal('tick'),
    id,
    second: Type.Integer(),
    columns: Type.Array(Type.Integer({ minimum: 0 })),
    values: Type.Array(sample),
  },
  closed,
);

/**
 * This many ticks were not sent because the client did not read. They told of seconds from
 * `fromSecond` to `toSecond`, both inclusive: a query over them has what was missed.
 */
const missedMessage = Type.Object(
  {
    type: Type.Literal('missed'),
    ticks: Type.Integer({ minimum: 1 }),
    fromSecond: Type.Integer(),
    toSecond: Type.Integer(),
  },
  closed,
);

/** Something outside of the samples has changed and may be fetched again. */
const changedMessage = Type.Object(
  {
    type: Type.Literal('changed'),
    topic: Type.Union([
      Type.Literal('endpoints'),
      Type.Literal('alerts'),
      Type.Literal('decisions'),
      Type.Literal('events'),
    ]),
  },
  closed,
);

const errorMessage = Type.Object(
  { type: Type.Literal('error'), id: Type.Union([id, Type.Null()]), code: Type.String(), message: Type.String() },
  closed,
);

export const liveMessageSchema = Type.Union([seriesMessage, tickMessage, missedMessage, changedMessage, errorMessage]);

export type LiveRequest = Static<typeof liveRequestSchema>;
export type LiveMessage = Static<typeof liveMessageSchema>;
export type LiveTopic = Static<typeof changedMessage>['topic'];

export const parseLiveRequest = parserOf(liveRequestSchema, 'BAD_REQUEST', 'live request');
