import { type Static, Type } from 'typebox';
import {
  AppError,
  type ErrorCode,
  errorCatalogue,
  parserOf,
  problemSchema,
  queryRangeAnswerSchema,
  queryRangeSchema,
} from '../../core/index.ts';

/**
 * What the server asks the history process: JSON over HTTP on a unix socket, parsed at both ends.
 *
 * ```
 * POST /query_range   QueryRange  →  QueryRangeAnswer
 * GET  /status                    →  HistoryStatus
 * ```
 * An error is a `Problem` under its code's HTTP status. A query ends when its connection does.
 */
const closed = { additionalProperties: false } as const;
const count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

const statusSchema = Type.Object(
  {
    kind: Type.Union([Type.Literal('embedded'), Type.Literal('remote')]),
    lagSeconds: Type.Union([Type.Null(), Type.Number({ minimum: 0 })]),
    pendingBytes: count,
    cursor: Type.Union([Type.Null(), Type.Object({ segment: count, offset: count }, closed)]),
    insertedRows: count,
    batches: count,
    retries: count,
    skippedSamples: count,
    skippedFrames: count,
    damagedBytes: count,
    gapSegments: count,
    queries: count,
    queriesRefused: count,
    lastError: Type.Union([Type.Null(), Type.String()]),
  },
  closed,
);

export type HistoryStatus = Static<typeof statusSchema>;

/** 1000 names of 255 bytes, escaped, and room. */
export const REQUEST_BYTES_MAX = 1024 * 1024;

/** `queryLimits.pointsMax` at four numbers a point, and the names of the series. */
export const ANSWER_BYTES_MAX = 32 * 1024 * 1024;

export const parseRequest = parserOf(queryRangeSchema, 'BAD_REQUEST', 'the query');
export const parseAnswer = parserOf(queryRangeAnswerSchema, 'HISTORY_UNAVAILABLE', 'the answer of the history process');
export const parseStatus = parserOf(statusSchema, 'HISTORY_UNAVAILABLE', 'the status of the history process');
const parseProblem = parserOf(problemSchema, 'HISTORY_UNAVAILABLE', 'the error of the history process');

/** An error as it travels. What is not an `AppError` is a bug: its text stays in the log. */
export function problemOf(error: unknown): { status: number; problem: Static<typeof problemSchema> } {
  if (!(error instanceof AppError)) {
    const message = 'the history process failed; its log says why';
    return { status: errorCatalogue.INTERNAL.status, problem: { code: 'INTERNAL', message } };
  }
  const { code, message, where, hint, status } = error;
  return {
    status,
    problem: { code, message, ...(where === undefined ? {} : { where }), ...(hint === undefined ? {} : { hint }) },
  };
}

/** The error that travelled, as it was thrown over there. */
export function errorOf(body: unknown): AppError {
  const { code, message, where, hint } = parseProblem(body);
  return new AppError(isErrorCode(code) ? code : 'HISTORY_UNAVAILABLE', message, {
    ...(where === undefined ? {} : { where }),
    ...(hint === undefined ? {} : { hint }),
  });
}

const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(errorCatalogue, code);
