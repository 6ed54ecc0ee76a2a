/**
 * The catalogue of everything that the world can do to us. Each code has an HTTP status, for the
 * API, and a paragraph in `docs/errors.md` (a test holds the two together).
 */
export const errorCatalogue = {
  BAD_REQUEST: { status: 400 },
  UNAUTHENTICATED: { status: 401 },
  FORBIDDEN: { status: 403 },
  NOT_FOUND: { status: 404 },
  CONFLICT: { status: 409 },
  PAYLOAD_TOO_LARGE: { status: 413 },
  UNSUPPORTED_MEDIA_TYPE: { status: 415 },
  QUERY_LIMIT: { status: 422 },
  TOO_MANY_REQUESTS: { status: 429 },
  INTERNAL: { status: 500 },
  HISTORY_UNAVAILABLE: { status: 503 },
  SHUTTING_DOWN: { status: 503 },
  TIMEOUT: { status: 504 },
  CONFIG_INVALID: { status: 400 },
  FRAME_INVALID: { status: 400 },
  FRAME_TOO_LARGE: { status: 413 },
  SERIES_BUDGET: { status: 422 },
  IDENTITY_TAKEN: { status: 409 },
  TOKEN_REFUSED: { status: 401 },
  LOG_CORRUPT: { status: 500 },
  LOG_WRITE_FAILED: { status: 500 },
  STATE_STORE: { status: 500 },
  DOCKER_UNAVAILABLE: { status: 503 },
  DOCKER_REFUSED: { status: 502 },
  DELIVERY_FAILED: { status: 502 },
  PROBE_FAILED: { status: 500 },
  PORT_IN_USE: { status: 500 },
  DATA_DIR_LOCKED: { status: 500 },
} as const;

export type ErrorCode = keyof typeof errorCatalogue;

export type ErrorDetails = {
  /** The field, file:line or resource at fault, as the person who caused it would name it. */
  readonly where?: string;
  /** What to do about it, in the imperative. */
  readonly hint?: string;
  readonly cause?: unknown;
};

/** The world misbehaving: what happened, where, and what to do. Bugs use `assert`. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly where: string | undefined;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.where = details.where;
    this.hint = details.hint;
  }

  get status(): number {
    return errorCatalogue[this.code].status;
  }
}

/** True for an `AppError`, of the given code where one is given. */
export function isAppError(error: unknown, code?: ErrorCode): error is AppError {
  return error instanceof AppError && (code === undefined || error.code === code);
}

/** One line for a person: `message (where). hint`. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (!(error instanceof AppError)) return error.message;
  const where = error.where === undefined ? '' : ` (${error.where})`;
  const hint = error.hint === undefined ? '' : `. ${error.hint}`;
  return `${error.message}${where}${hint}`;
}
