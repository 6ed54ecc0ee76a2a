import { type Static, Type } from 'typebox';
import { metricSchema, nameSchema, tagsSchema } from '../schema.ts';
import { closed, identifier, timeMs } from './parts.ts';

export const operatorSchema = Type.Union([
  Type.Literal('=='),
  Type.Literal('='),
  Type.Literal('!='),
  Type.Literal('<'),
  Type.Literal('<='),
  Type.Literal('>'),
  Type.Literal('>='),
]);

/** What a rule says, as it stood when the event was made (Open-Falcon's strategy). */
export const conditionSchema = Type.Object(
  {
    metric: metricSchema,
    tags: tagsSchema,
    func: Type.String({ maxLength: 64, description: 'Open-Falcon function, e.g. all(#3)' }),
    operator: operatorSchema,
    rightValue: Type.Number(),
  },
  closed,
);

/** A change of state of one rule on one series. Ids are Open-Falcon's: `s_{rule}_{md5 of the series}`. */
export const alertEventSchema = Type.Object(
  {
    key: Type.String({ description: 'Unique for each event; the idempotency key of its messages' }),
    id: Type.String({ description: 'Same for all events of one rule on one series' }),
    rule: nameSchema,
    priority: Type.Integer({ minimum: 0, maximum: 6 }),
    note: Type.String(),
    status: Type.Union([Type.Literal('PROBLEM'), Type.Literal('OK')]),
    endpoint: nameSchema,
    tags: tagsSchema,
    condition: conditionSchema,
    leftValue: Type.Number({ description: 'What the function returned' }),
    currentStep: Type.Integer({ minimum: 1, description: 'Which PROBLEM message of this incident' }),
    eventTimeMs: timeMs,
    sinceMs: timeMs,
    reason: Type.String({ description: 'The judgement in one sentence, with the points that led to it' }),
    host: Type.Optional(nameSchema),
    expression: Type.Optional(
      Type.String({ description: 'The whole condition, where it is more than the one test of `condition`' }),
    ),
    points: Type.Optional(
      Type.Array(Type.Tuple([Type.Number(), Type.Number()]), {
        maxItems: 60,
        description: 'The newest points of the window as [second, value], oldest first',
      }),
    ),
    previous: Type.Optional(Type.String({ description: 'The state before this event, in words' })),
  },
  closed,
);

export const deliverySchema = Type.Object(
  {
    sequence: Type.Integer({ minimum: 0 }),
    channel: nameSchema,
    audience: Type.String({ description: 'Whom of a team, as in payments/0; empty for all whom the channel reaches' }),
    state: Type.Union([
      Type.Literal('pending'),
      Type.Literal('delivered'),
      Type.Literal('failed'),
      Type.Literal('held', { description: 'Kept back; lastError says by what' }),
    ]),
    attempts: Type.Integer({ minimum: 0 }),
    lastError: Type.Union([Type.String(), Type.Null()]),
    deliveredAtMs: Type.Union([timeMs, Type.Null()]),
  },
  closed,
);

export const alertSchema = Type.Object(
  { ...alertEventSchema.properties, lastEventMs: timeMs, deliveries: Type.Array(deliverySchema) },
  closed,
);

export const alertsQuerySchema = Type.Object(
  {
    status: Type.Optional(Type.Union([Type.Literal('open'), Type.Literal('all')], { default: 'open' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 200 })),
  },
  closed,
);

export const alertsAnswerSchema = Type.Object({ nowMs: timeMs, alerts: Type.Array(alertSchema) }, closed);

/** Of what was made through the API or the console, and not in the file. */
const keptHere = {
  madeInApi: Type.Optional(Type.Boolean({ description: 'Made through the API, not in the file' })),
  version: Type.Optional(
    Type.Integer({ minimum: 1, description: 'Of the rule, or of the template that it stands in' }),
  ),
  changedBy: Type.Optional(Type.String()),
  changedAtMs: Type.Optional(timeMs),
};

export const ruleSchema = Type.Object(
  {
    name: nameSchema,
    ...conditionSchema.properties,
    expression: Type.Optional(Type.String({ description: 'The whole condition, where it is more than one test' })),
    recovery: Type.Optional(Type.String()),
    hours: Type.Optional(Type.String()),
    dependsOn: Type.Optional(Type.Array(Type.String())),
    ...keptHere,
    enabled: Type.Optional(Type.Boolean({ description: 'False for a rule that is turned off' })),
    template: Type.Optional(Type.String({ description: 'Slug of the template that it was written in' })),
    where: Type.Record(Type.String(), Type.String(), { description: 'Whom the rule watches, apart from tags' }),
    priority: Type.Integer({ minimum: 0, maximum: 6 }),
    maxStep: Type.Integer({ minimum: 0 }),
    minIntervalSeconds: Type.Integer({ minimum: 0 }),
    note: Type.String(),
    channels: Type.Array(identifier),
  },
  closed,
);

export const rulesAnswerSchema = Type.Object(
  {
    file: Type.Union([Type.String(), Type.Null()]),
    loadedAtMs: Type.Union([timeMs, Type.Null()]),
    error: Type.Union([Type.String(), Type.Null()], { description: 'Why the newest version of the file was refused' }),
    rules: Type.Array(ruleSchema),
    templates: Type.Array(
      Type.Object(
        {
          name: nameSchema,
          slug: Type.String(),
          parent: Type.Union([Type.String(), Type.Null()], {
            description: 'Slug of the template whose rules it inherits',
          }),
          nodes: Type.Array(Type.String()),
          notify: Type.Union([Type.Array(Type.String()), Type.Null()]),
          ...keptHere,
        },
        closed,
      ),
    ),
    channels: Type.Array(Type.String(), { description: 'Channels and teams that a rule may name' }),
    metrics: Type.Array(Type.String(), { description: 'Metrics from outside that the file lists' }),
  },
  closed,
);

export type Operator = Static<typeof operatorSchema>;
export type AlertEvent = Static<typeof alertEventSchema>;
export type Delivery = Static<typeof deliverySchema>;
export type Alert = Static<typeof alertSchema>;
export type AlertsAnswer = Static<typeof alertsAnswerSchema>;
export type RulesAnswer = Static<typeof rulesAnswerSchema>;
