import { type Static, Type } from 'typebox';
import { nameSchema } from '../../schema.ts';
import { closed, identifier, timeMs } from '../parts.ts';

const kind = Type.String({ minLength: 1, maxLength: 32, pattern: '^[a-z][a-z0-9_]*$' });

/**
 * Something that happened on a host at one moment, as its collector tells it: an OOM kill, a disk
 * error. Ids are made from what happened (the host's boot and the number of the kernel's line), so
 * the same event told twice is one event.
 */
export const hostEventSchema = Type.Object(
  {
    id: identifier,
    kind,
    severity: Type.Union([Type.Literal('warning'), Type.Literal('critical')]),
    atMs: timeMs,
    endpoint: Type.Unsafe<string>({ ...nameSchema, description: 'The container that it happened to, else the host' }),
    text: Type.String({ maxLength: 512, description: 'What happened, in one sentence' }),
    line: Type.String({ maxLength: 1024, description: 'The line as the kernel wrote it' }),
    facts: Type.Record(Type.String({ pattern: '^[a-zA-Z]{1,32}$' }), Type.String({ maxLength: 256 }), {
      maxProperties: 16,
      additionalProperties: false,
      description: 'Process, service, device and the like',
    }),
  },
  closed,
);

export const storedEventSchema = Type.Object({ ...hostEventSchema.properties, collector: nameSchema }, closed);

export const eventsQuerySchema = Type.Object(
  {
    endpoint: Type.Optional(nameSchema),
    host: Type.Optional(Type.Unsafe<string>({ ...nameSchema, description: 'A host and all of its containers' })),
    kind: Type.Optional(kind),
    fromMs: Type.Optional(timeMs),
    toMs: Type.Optional(timeMs),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100 })),
  },
  closed,
);

export const eventsAnswerSchema = Type.Object(
  { nowMs: timeMs, events: Type.Array(storedEventSchema, { description: 'Newest first' }) },
  closed,
);

export type HostEvent = Static<typeof hostEventSchema>;
export type StoredEvent = Static<typeof storedEventSchema>;
export type EventsQuery = Static<typeof eventsQuerySchema>;
export type EventsAnswer = Static<typeof eventsAnswerSchema>;
