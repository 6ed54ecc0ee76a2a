import { type Static, Type } from 'typebox';
import { hostEventSchema } from '../../api/hosts/events.ts';
import { inventoryMessageSchema, inventoryWishSchema } from '../../api/hosts/host-inventory.ts';
import { monitorReportSchema, pushedMonitorSchema } from '../../api/monitors.ts';
import { metricSchema, nameSchema, parserOf, tagsSchema } from '../../schema.ts';
import { endpointSchema } from '../../series/endpoint.ts';
import {
  DECIMALS_MAX,
  EVENTS_PER_MESSAGE_MAX,
  MONITORS_MAX,
  RAW_DECIMALS,
  SERIES_PER_COLLECTOR_MAX,
} from './limits.ts';

const closed = { additionalProperties: false } as const;
const index = Type.Integer({ minimum: 0, maximum: SERIES_PER_COLLECTOR_MAX - 1 });
const generation = Type.Integer({ minimum: 1, maximum: 2 ** 31 });
const time = Type.Number({ minimum: 0, maximum: 2 ** 52 });

export const dictionarySeriesSchema = Type.Object(
  {
    endpoint: index,
    metric: metricSchema,
    tags: tagsSchema,
    decimals: Type.Union([Type.Integer({ minimum: 0, maximum: DECIMALS_MAX }), Type.Literal(RAW_DECIMALS)]),
    /** Seconds from one sample to the next; one when it is left out. */
    step: Type.Optional(Type.Integer({ minimum: 1, maximum: 3600 })),
  },
  closed,
);

export const dictionaryChunkSchema = Type.Object(
  {
    generation,
    endpoints: Type.Array(Type.Object({ index, endpoint: endpointSchema }, closed), { maxItems: 4096 }),
    firstSeries: Type.Integer({ minimum: 0, maximum: SERIES_PER_COLLECTOR_MAX }),
    series: Type.Array(dictionarySeriesSchema, { maxItems: 4096 }),
  },
  closed,
);

/** First message of a collector: who it is, which run of it, and what its clock says. */
export const helloSchema = Type.Object(
  {
    collector: nameSchema,
    bootEpoch: time,
    version: Type.String({ maxLength: 32 }),
    nowMs: time,
  },
  closed,
);

/** Answer to hello. Frames of this boot epoch up to `ackedSeq` are durable and need no replay. */
export const welcomeSchema = Type.Object({ ackedSeq: Type.Integer({ minimum: 0 }), nowMs: time }, closed);

/**
 * Exactly the frame `seq` of this boot epoch is on disk. `nowMs` is the server's clock when it wrote
 * this, `echoMs` the `sentAtMs` of the newest acknowledged frame, for the collector's estimate of
 * its clock offset (Cristian's algorithm).
 */
export const ackSchema = Type.Object(
  { bootEpoch: time, seq: Type.Integer({ minimum: 0 }), nowMs: time, echoMs: time },
  closed,
);

/** Why the server ends the connection, or drops part of what was sent. */
export const refusalSchema = Type.Object(
  { code: Type.String({ maxLength: 64 }), message: Type.String({ maxLength: 1024 }), fatal: Type.Boolean() },
  closed,
);

/**
 * What the server wants watched on this host beside what the host's own file says; replaces what it
 * wanted before. Comes after the welcome and whenever it changes.
 */
export const monitorsMessageSchema = Type.Object(
  { monitors: Type.Array(pushedMonitorSchema, { maxItems: MONITORS_MAX }), inventory: inventoryWishSchema },
  closed,
);

/**
 * What happened on the host since the batch before, in the order in which it happened. Sent again,
 * with the same events, until it is acknowledged: events are told apart by their ids.
 */
export const eventsSchema = Type.Object(
  {
    batch: Type.Integer({ minimum: 1, maximum: 2 ** 48 }),
    events: Type.Array(hostEventSchema, { minItems: 1, maxItems: EVENTS_PER_MESSAGE_MAX }),
  },
  closed,
);

/** Every event of this batch is on disk. */
export const eventsTakenSchema = Type.Object({ batch: Type.Integer({ minimum: 1 }) }, closed);

export type DictionarySeries = Static<typeof dictionarySeriesSchema>;
export type DictionaryChunk = Static<typeof dictionaryChunkSchema>;
export type Hello = Static<typeof helloSchema>;
export type Welcome = Static<typeof welcomeSchema>;
export type Ack = Static<typeof ackSchema>;
export type EventBatch = Static<typeof eventsSchema>;
export type EventsTaken = Static<typeof eventsTakenSchema>;
export type Refusal = Static<typeof refusalSchema>;
export type MonitorsMessage = Static<typeof monitorsMessageSchema>;

export const parseDictionaryChunk = parserOf(dictionaryChunkSchema, 'FRAME_INVALID', 'dictionary chunk');
export const parseEventBatch = parserOf(eventsSchema, 'FRAME_INVALID', 'events');
export const parseHello = parserOf(helloSchema, 'FRAME_INVALID', 'hello');
export const parseMonitorsMessage = parserOf(monitorsMessageSchema, 'FRAME_INVALID', 'monitors');
export const parseMonitorReport = parserOf(monitorReportSchema, 'FRAME_INVALID', 'report of monitors');
export const parseInventoryMessage = parserOf(inventoryMessageSchema, 'FRAME_INVALID', 'inventory');
