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

const countOrNull = Type.Union([Type.Integer(), Type.Null()]);

/** What one policy of a group would have, and why. */
export const proposalSchema = Type.Object(
  {
    policy: Type.String(),
    kind: Type.String(),
    wants: Type.Union([Type.Integer(), Type.Null()], { description: 'Null: nothing to say, or it can not tell' }),
    lean: Type.Union([Type.Literal(-1), Type.Literal(0), Type.Literal(1)], { description: 'Where the load points' }),
    code: Type.String(),
    reason: Type.String(),
    floor: countOrNull,
    ceiling: countOrNull,
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
    code: Type.String({ description: 'The reason as a word' }),
    metric: Type.Union([metricSchema, Type.Null()], { description: 'The metric that decided; null without one' }),
    signal: Type.Union([Type.Number(), Type.Null()], { description: 'The value compared with the thresholds' }),
    current: Type.Integer({ minimum: 0 }),
    wanted: Type.Integer({ minimum: 0 }),
    reason: Type.String(),
    winner: Type.Union([Type.String(), Type.Null()], {
      description: 'The policy that decided; null: the group’s bounds',
    }),
    stages: Type.Object(
      { raw: countOrNull, stabilised: countOrNull, limited: countOrNull },
      { ...closed, description: 'Instances wished by the policies, after stabilisation, after the guards' },
    ),
    guards: Type.Array(Type.String(), { description: 'What made the wish smaller or held it back' }),
    gates: Type.Array(Type.String(), { description: 'What forbade a change just then' }),
    proposals: Type.Array(proposalSchema),
    mode: Type.Union([Type.Literal('observe'), Type.Literal('advise'), Type.Literal('act')]),
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

/** Something in a policy that works against its purpose. */
export const findingSchema = Type.Object(
  { policy: Type.String(), code: Type.String(), message: Type.String(), write: Type.String() },
  closed,
);

export const approvalSchema = Type.Object(
  {
    kind: Type.Union([Type.Literal('add'), Type.Literal('remove')]),
    wanted: Type.Integer({ minimum: 0 }),
    reason: Type.String(),
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
    mode: Type.Union([Type.Literal('observe'), Type.Literal('advise'), Type.Literal('act')]),
    paused: Type.Union([Type.Literal('all'), Type.Literal('add'), Type.Literal('remove'), Type.Null()]),
    policies: Type.Array(Type.Object({ name: Type.String(), kind: Type.String(), words: Type.String() }, closed)),
    findings: Type.Array(findingSchema, { description: 'What the static check says of the policies' }),
    approval: Type.Union([approvalSchema, Type.Null()], { description: 'A change that waits for a person' }),
    startSeconds: Type.Union([Type.Number(), Type.Null()], { description: 'Start-up time as measured' }),
    current: Type.Integer({ minimum: 0 }),
    wanted: Type.Integer({ minimum: 0 }),
    instances: Type.Array(nameSchema, { description: 'Endpoints of the running instances' }),
    lastDecision: Type.Union([decisionSchema, Type.Null()]),
  },
  closed,
);

export const stopSchema = Type.Object({ atMs: timeMs, by: Type.String(), reason: Type.String() }, closed);

/** Stops all scaling, with a reason, or lets it go on, with null. */
export const stopBodySchema = Type.Object(
  { reason: Type.Union([Type.String({ minLength: 1, maxLength: 500 }), Type.Null()]) },
  closed,
);

/** A yes to a change of a group in mode `advise`, up to a count, for five minutes. */
export const approvalBodySchema = Type.Object({ wanted: Type.Integer({ minimum: 0, maximum: 1000 }) }, closed);

/** Bounds for a webhook policy to hold. */
export const hookBodySchema = Type.Object(
  {
    min: Type.Optional(Type.Integer({ minimum: 0, maximum: 1000 })),
    max: Type.Optional(Type.Integer({ minimum: 0, maximum: 1000 })),
    seconds: Type.Integer({ minimum: 0, maximum: 604_800, description: '0 ends what was held' }),
  },
  closed,
);

export const groupsAnswerSchema = Type.Object(
  {
    file: Type.Union([Type.String(), Type.Null()]),
    error: Type.Union([Type.String(), Type.Null()]),
    stop: Type.Union([stopSchema, Type.Null()], { description: 'Who has stopped all scaling, and why' }),
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
export type ScalingProposal = Static<typeof proposalSchema>;
export type ScalingFinding = Static<typeof findingSchema>;
export type ScalingStop = Static<typeof stopSchema>;
export type HookBody = Static<typeof hookBodySchema>;
export type Decision = Static<typeof decisionSchema>;
export type ScalingAction = Static<typeof actionSchema>;
export type GroupStatus = Static<typeof groupSchema>;
export type GroupsAnswer = Static<typeof groupsAnswerSchema>;
export type DecisionsAnswer = Static<typeof decisionsAnswerSchema>;
