import { type Static, Type } from 'typebox';
import { nameSchema } from '../../schema.ts';
import { closed, timeMs } from '../parts.ts';
import { checkRequestSchema } from './editing.ts';

export const backtestQuerySchema = Type.Object(
  {
    rules: Type.Optional(
      Type.String({ maxLength: 1024 * 1024, description: 'A rules file; each of its rules is judged' }),
    ),
    entry: Type.Optional(checkRequestSchema),
    endpoint: Type.Optional(
      Type.String({ maxLength: 255, description: 'Only this host or container; all where left out' }),
    ),
    fileName: Type.Optional(Type.String({ maxLength: 255, description: 'What faults call the file' })),
    fromMs: timeMs,
    toMs: timeMs,
    pagesPerDayMax: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 100_000,
        default: 10,
        description: 'A rule that pages more often is warned about',
      }),
    ),
  },
  closed,
);

export const firingSchema = Type.Object(
  {
    series: Type.String(),
    sinceMs: timeMs,
    endMs: Type.Union([timeMs, Type.Null()], { description: 'Null where it had not ended' }),
    leftValue: Type.Number(),
  },
  closed,
);

export const outcomeSchema = Type.Object(
  {
    incidents: Type.Integer({ minimum: 0 }),
    messages: Type.Integer({ minimum: 0, description: 'PROBLEMs and OKs for one receiver, before grouping' }),
    problemsPerDay: Type.Number({ minimum: 0 }),
    openSeconds: Type.Integer({ minimum: 0, description: 'Over all series' }),
    firings: Type.Array(firingSchema, { maxItems: 200, description: 'The first ones' }),
  },
  closed,
);

export const backtestAnswerSchema = Type.Object(
  {
    fromMs: timeMs,
    toMs: timeMs,
    approximate: Type.Boolean({ description: 'Part of the range was judged on one-minute averages' }),
    seconds: Type.Integer({ minimum: 0, description: 'Seconds, or minutes of history, that were judged' }),
    series: Type.Integer({ minimum: 0 }),
    rules: Type.Array(
      Type.Object(
        {
          rule: nameSchema,
          outcome: outcomeSchema,
          before: Type.Union([outcomeSchema, Type.Null()], { description: 'The same rule as it is in force now' }),
          warning: Type.Union([Type.String(), Type.Null()]),
        },
        closed,
      ),
    ),
  },
  closed,
);

export type BacktestQuery = Static<typeof backtestQuerySchema>;
export type BacktestAnswer = Static<typeof backtestAnswerSchema>;
