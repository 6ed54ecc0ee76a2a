/** From event to person: silences, acknowledgements, channels, and what could not be delivered. */
import { type Static, Type } from 'typebox';
import { nameSchema, tagsSchema } from '../schema.ts';
import { closed, identifier, timeMs } from './parts.ts';

const sentence = Type.String({ minLength: 3, maxLength: 500, pattern: '\\S' });
const pattern = Type.String({ minLength: 1, maxLength: 255, description: '* stands for any run of characters' });

/** Whose messages are kept back; what is left out matches all. */
export const silenceMatcherSchema = Type.Object(
  {
    rule: Type.Optional(pattern),
    endpoint: Type.Optional(pattern),
    metric: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
    tags: Type.Optional(tagsSchema),
    fromPriority: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 6, description: 'Only this priority and less urgent ones' }),
    ),
    alertId: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
  },
  { ...closed, minProperties: 1 },
);

const silenceKind = Type.Union([Type.Literal('silence'), Type.Literal('maintenance'), Type.Literal('mask')]);

export const silenceRequestSchema = Type.Object(
  {
    id: Type.Optional(
      Type.String({
        ...identifier,
        description: 'Of the one who sets it, so that setting it twice is setting it once',
      }),
    ),
    kind: Type.Optional(silenceKind),
    matcher: silenceMatcherSchema,
    reason: sentence,
    startsAtMs: Type.Optional(timeMs),
    endsAtMs: timeMs,
  },
  closed,
);

export const silenceSchema = Type.Object(
  {
    id: Type.String(),
    kind: Type.Union([...silenceKind.anyOf, Type.Literal('flap')]),
    matcher: silenceMatcherSchema,
    reason: Type.String(),
    owner: Type.String(),
    startsAtMs: timeMs,
    endsAtMs: timeMs,
  },
  closed,
);

export const silencesAnswerSchema = Type.Object({ nowMs: timeMs, silences: Type.Array(silenceSchema) }, closed);

export const acknowledgementSchema = Type.Object(
  { alertId: Type.String(), sinceMs: timeMs, by: Type.String(), atMs: timeMs },
  closed,
);

/** What may be told of a channel: nothing of its address or secrets. */
export const channelStateSchema = Type.Object(
  {
    name: identifier,
    type: Type.String(),
    state: Type.Union([Type.Literal('closed'), Type.Literal('open')], {
      description: 'The breaker: open while the receiver takes nothing',
    }),
    failures: Type.Integer({ minimum: 0, description: 'In a row' }),
    sinceMs: Type.Union([timeMs, Type.Null()]),
  },
  closed,
);

export const channelsAnswerSchema = Type.Object({ channels: Type.Array(channelStateSchema) }, closed);

/** One station of a message's way, as a test saw it. */
export const hopSchema = Type.Object(
  { hop: Type.String(), passed: Type.Boolean(), detail: Type.String(), tookMs: Type.Number({ minimum: 0 }) },
  closed,
);

export const channelTestAnswerSchema = Type.Object({ delivered: Type.Boolean(), hops: Type.Array(hopSchema) }, closed);

const template = Type.String({ minLength: 1, maxLength: 2000 });

export const previewRequestSchema = Type.Object(
  {
    title: Type.Optional(template),
    text: Type.Optional(template),
    eventKey: Type.Optional(Type.String({ maxLength: 400, description: 'The newest event where none is given' })),
  },
  closed,
);

export const previewAnswerSchema = Type.Object(
  { eventKey: Type.String(), title: Type.String(), lines: Type.Array(Type.String()), text: Type.String() },
  closed,
);

/** A message that was given up, to be looked at and sent again. */
export const deadLetterSchema = Type.Object(
  {
    sequence: Type.Integer({ minimum: 0 }),
    channel: identifier,
    audience: Type.String(),
    rule: Type.String(),
    endpoint: Type.String(),
    status: Type.String(),
    attempts: Type.Integer({ minimum: 0 }),
    reason: Type.String(),
    createdAtMs: timeMs,
  },
  closed,
);

export const deadLettersAnswerSchema = Type.Object({ deadLetters: Type.Array(deadLetterSchema) }, closed);

export const resendAnswerSchema = Type.Object({ resent: Type.Integer({ minimum: 0 }) }, closed);

/** One event that a digest stands for. */
export const messageMemberSchema = Type.Object(
  { key: Type.String(), rule: Type.String(), status: Type.String(), endpoint: Type.String(), metric: Type.String() },
  closed,
);

export const messageMembersAnswerSchema = Type.Object(
  { members: Type.Array(messageMemberSchema), nextAfter: Type.Union([Type.Integer(), Type.Null()]) },
  closed,
);

export const onCallAnswerSchema = Type.Object(
  {
    rotations: Type.Array(
      Type.Object(
        {
          rotation: nameSchema,
          user: Type.Union([Type.String(), Type.Null()]),
          untilMs: Type.Union([timeMs, Type.Null()]),
          reason: Type.String(),
        },
        closed,
      ),
    ),
  },
  closed,
);

export type SilenceRequest = Static<typeof silenceRequestSchema>;
export type Silence = Static<typeof silenceSchema>;
export type SilencesAnswer = Static<typeof silencesAnswerSchema>;
export type ChannelsAnswer = Static<typeof channelsAnswerSchema>;
export type Hop = Static<typeof hopSchema>;
export type ChannelTestAnswer = Static<typeof channelTestAnswerSchema>;
export type PreviewRequest = Static<typeof previewRequestSchema>;
export type PreviewAnswer = Static<typeof previewAnswerSchema>;
export type DeadLetter = Static<typeof deadLetterSchema>;
export type DeadLettersAnswer = Static<typeof deadLettersAnswerSchema>;
export type MessageMembersAnswer = Static<typeof messageMembersAnswerSchema>;
export type OnCallAnswer = Static<typeof onCallAnswerSchema>;
