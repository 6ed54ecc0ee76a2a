import { AppError, type ErrorCode, isAppError } from '../../core/index.ts';

const REASON_LENGTH_MAX = 500;

/** Engine errors that a smaller question would not meet. */
const refusals: ReadonlyMap<string, { readonly code: ErrorCode; readonly hint: string }> = new Map([
  ['TIMEOUT_EXCEEDED', { code: 'TIMEOUT', hint: 'ask for fewer series or a shorter range' }],
  ['MEMORY_LIMIT_EXCEEDED', { code: 'QUERY_LIMIT', hint: 'ask for fewer series or a wider step' }],
]);

/** The engine's or the transport's error as ours. What failed is told by `what`, in the infinitive. */
export function engineError(what: string, error: unknown): AppError {
  if (isAppError(error)) return error;
  const refusal = refusals.get(typeOf(error) ?? '');
  return new AppError(refusal?.code ?? 'HISTORY_UNAVAILABLE', `could not ${what}: ${reasonOf(error)}`, {
    hint: refusal?.hint ?? 'see the reason; it is tried again where that helps',
    cause: error,
  });
}

function typeOf(error: unknown): string | undefined {
  return error instanceof Error && 'type' in error && typeof error.type === 'string' ? error.type : undefined;
}

function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const reason = message === '' && error instanceof Error ? error.name : message;
  return reason.length > REASON_LENGTH_MAX ? `${reason.slice(0, REASON_LENGTH_MAX)}…` : reason;
}
