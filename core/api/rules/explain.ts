import { type Static, Type } from 'typebox';
import { nameSchema } from '../../schema.ts';
import { alertSchema } from '../alerts.ts';
import { closed, timeMs } from '../parts.ts';

export const explainQuerySchema = Type.Object(
  {
    rule: Type.String({ minLength: 1, maxLength: 255, description: 'Name of a rule' }),
    endpoint: Type.String({ minLength: 1, maxLength: 255 }),
  },
  closed,
);

/** One rule on one series, now. */
export const explainedSeriesSchema = Type.Object(
  {
    series: Type.String(),
    verdict: Type.Union([Type.Literal('holds'), Type.Literal('does not hold'), Type.Literal('unknown')]),
    reason: Type.String({ description: 'The judgement in words, with its points' }),
    points: Type.Array(Type.Tuple([Type.Number(), Type.Number()]), { description: '[second, value], oldest first' }),
    state: Type.String({ description: 'well, or PROBLEM with its step' }),
    sinceMs: Type.Union([timeMs, Type.Null()]),
    keptBack: Type.Array(Type.String(), { description: 'Why no message leaves at the moment, each reason a sentence' }),
  },
  closed,
);

export const explainAnswerSchema = Type.Object(
  {
    nowMs: timeMs,
    rule: nameSchema,
    condition: Type.String(),
    answer: Type.String({ description: 'Why somebody was, or was not, told: one sentence' }),
    series: Type.Array(explainedSeriesSchema, { maxItems: 100 }),
    events: Type.Array(alertSchema, { maxItems: 50, description: 'The newest first, each with who was told how' }),
  },
  closed,
);

export type ExplainQuery = Static<typeof explainQuerySchema>;
export type ExplainAnswer = Static<typeof explainAnswerSchema>;
export type ExplainedSeries = Static<typeof explainedSeriesSchema>;
