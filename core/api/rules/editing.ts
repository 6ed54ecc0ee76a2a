/** Making and changing rules: entries with versions, what is wrong with one, and what it means. */
import { type Static, Type } from 'typebox';
import { metricSchema, nameSchema, tagsSchema } from '../../schema.ts';
import { operatorSchema, ruleSchema } from '../alerts.ts';
import { closed, timeMs } from '../parts.ts';

const text = Type.String({
  maxLength: 64 * 1024,
  description: 'YAML of one rule or template, as it stands in the file',
});
const written = Type.Record(Type.String(), Type.Unknown(), { description: 'The same as JSON' });
const version = Type.Integer({
  minimum: 0,
  description: 'The version that was changed, 0 for none; another one is refused. Left out to write over what is there',
});
const template = Type.String({ minLength: 1, maxLength: 100, description: 'The template that the rule stands in' });

export const entryBodySchema = Type.Object(
  {
    rule: Type.Optional(written),
    text: Type.Optional(text),
    version: Type.Optional(version),
    template: Type.Optional(template),
  },
  closed,
);

export const entryQuerySchema = Type.Object(
  { template: Type.Optional(template), version: Type.Optional(version) },
  closed,
);

export const entryChangeSchema = Type.Object(
  {
    version: Type.Integer(),
    by: Type.String(),
    atMs: timeMs,
    text: Type.Union([Type.String(), Type.Null()], { description: 'Null where it was removed' }),
    differences: Type.Array(Type.String(), { description: 'Each key that changed, with what it was and is' }),
  },
  closed,
);

export const entryAnswerSchema = Type.Object(
  {
    name: nameSchema,
    template: Type.Union([nameSchema, Type.Null()]),
    text,
    rule: written,
    madeInApi: Type.Boolean({ description: 'False for what stands in the file, and is changed there' }),
    version: Type.Union([Type.Integer(), Type.Null()], { description: 'Null for what stands in the file' }),
    changes: Type.Array(entryChangeSchema, { description: 'The newest first' }),
  },
  closed,
);

export const checkRequestSchema = Type.Object(
  {
    kind: Type.Optional(Type.Union([Type.Literal('rule'), Type.Literal('template')], { default: 'rule' })),
    text: Type.Optional(text),
    rule: Type.Optional(written),
    editing: Type.Optional(Type.String({ maxLength: 100, description: 'The name of what is being changed' })),
    template: Type.Optional(template),
  },
  closed,
);

export const entryFaultSchema = Type.Object(
  {
    line: Type.Integer(),
    column: Type.Integer(),
    message: Type.String(),
    field: Type.Union([Type.String(), Type.Null()], { description: 'The key that it is about, as in where.tags' }),
  },
  closed,
);

/** A condition piece by piece: tests, and the words and brackets between them. */
export const conditionPieceSchema = Type.Union([
  Type.Object(
    {
      metric: metricSchema,
      func: Type.String(),
      points: Type.Integer({ description: 'How far it looks back: points, or seconds where isTime' }),
      isTime: Type.Boolean(),
      atLeast: Type.Integer(),
      spanSeconds: Type.Integer(),
      operator: operatorSchema,
      rightValue: Type.Number(),
    },
    closed,
  ),
  Type.Object(
    {
      word: Type.Union([
        Type.Literal('and'),
        Type.Literal('or'),
        Type.Literal('not'),
        Type.Literal('('),
        Type.Literal(')'),
      ]),
    },
    closed,
  ),
]);

export const matchedSeriesSchema = Type.Object(
  { endpoint: nameSchema, metric: metricSchema, tags: tagsSchema },
  closed,
);

export const checkAnswerSchema = Type.Object(
  {
    text,
    rule: Type.Union([written, Type.Null()], { description: 'Null where the text is no YAML map' }),
    faults: Type.Array(entryFaultSchema),
    shown: Type.Union([ruleSchema, Type.Null()], { description: 'What was understood; null with faults' }),
    condition: Type.Array(conditionPieceSchema),
    recovery: Type.Array(conditionPieceSchema),
    matched: Type.Integer({ minimum: 0, description: 'Series that the rule would watch now' }),
    series: Type.Array(matchedSeriesSchema, { maxItems: 50, description: 'The first of them' }),
  },
  closed,
);

export type EntryBody = Static<typeof entryBodySchema>;
export type EntryAnswer = Static<typeof entryAnswerSchema>;
export type CheckRequest = Static<typeof checkRequestSchema>;
export type CheckAnswer = Static<typeof checkAnswerSchema>;
export type ConditionPiece = Static<typeof conditionPieceSchema>;
