import { type Static, Type } from 'typebox';
import { metricSchema, nameSchema } from '../schema.ts';
import { closed, identifier, timeMs } from './parts.ts';

/** One value that a decision was taken on, with its age. */
export const decisionInputSchema = Type.Object(
  {
    endpoint: nameSchema,
    value: Type.Union([Type.Number(), Type.Null()], { description: 'Null: no fresh sample' }),
    ageMs: Type.Union([Type.Number(), Type.Null()]),
  },
  closed,
);

/** Why a group has the size it has: also recorded when nothing is done. Equal neighbours are folded into one with `repeats`. */
export const decisionSchema = Type.Object(
  {
    id: Type.String(),
    group: identifier,
    atMs: timeMs,
    lastAtMs: timeMs,
    repeats: Type.Integer({ minimum: 1 }),
    kind: Type.Union([Type.Literal('add'), Type.Literal('remove'), Type.Literal('hold')]),
    metric: metricSchema,
    signal: Type.Union([Type.Number(), Type.Null()], { description: 'The value compared with the thresholds' }),
    current: Type.Integer({ minimum: 0 }),
    wanted: Type.Integer({ minimum: 0 }),
    reason: Type.String(),
    guards: Type.Array(Type.String(), { description: 'What changed or stopped the policy’s wish' }),
    inputs: Type.Array(decisionInputSchema),
    action: Type.Union([Type.String(), Type.Null()], { description: 'Id of the action that carried it out' }),
  },
  closed,
);

export const actionSchema = Type.Object(
  {
    id: Type.String(),
    group: identifier,
    kind: Type.Union([Type.Literal('create'), Type.Literal('remove')]),
    container: Type.Union([nameSchema, Type.Null()]),
    state: Type.Union([Type.Literal('running'), Type.Literal('done'), Type.Literal('failed'), Type.Literal('stuck')]),
    step: Type.String({ description: 'The step that runs, or the last one that ran' }),
    error: Type.Union([Type.String(), Type.Null()]),
    startedAtMs: timeMs,
    endedAtMs: Type.Union([timeMs, Type.Null()]),
  },
  closed,
);

export const groupSchema = Type.Object(
  {
    name: identifier,
    image: Type.String(),
    min: Type.Integer({ minimum: 0 }),
    max: Type.Integer({ minimum: 0 }),
    step: Type.Integer({ minimum: 1 }),
    current: Type.Integer({ minimum: 0 }),
    wanted: Type.Integer({ minimum: 0 }),
    instances: Type.Array(nameSchema, { description: 'Endpoints of the running instances' }),
    lastDecision: Type.Union([decisionSchema, Type.Null()]),
  },
  closed,
);

export const groupsAnswerSchema = Type.Object(
  {
    file: Type.Union([Type.String(), Type.Null()]),
    error: Type.Union([Type.String(), Type.Null()]),
    groups: Type.Array(groupSchema),
  },
  closed,
);

export const decisionsQuerySchema = Type.Object(
  {
    group: Type.Optional(identifier),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100 })),
  },
  closed,
);

export const decisionsAnswerSchema = Type.Object(
  { nowMs: timeMs, decisions: Type.Array(decisionSchema), actions: Type.Array(actionSchema) },
  closed,
);

export type DecisionInput = Static<typeof decisionInputSchema>;
export type Decision = Static<typeof decisionSchema>;
export type ScalingAction = Static<typeof actionSchema>;
export type GroupStatus = Static<typeof groupSchema>;
export type GroupsAnswer = Static<typeof groupsAnswerSchema>;
export type DecisionsAnswer = Static<typeof decisionsAnswerSchema>;
