import { AppError, type Clock } from '../../core/index.ts';

/**
 * Runs one call with a deadline. The call gets a signal to abort with, but is not trusted to obey:
 * docker-modem never settles when an answer breaks off half-way, signal or not (it listens for
 * neither `error` nor `aborted` of the response), so the deadline settles in its place.
 *
 * Throws `TIMEOUT` when the deadline passes first.
 */
export function withDeadline<Result>(
  clock: Clock,
  deadlineMs: number,
  what: string,
  call: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  return new Promise((resolve, reject) => {
    const cancel = clock.after(deadlineMs, () => {
      const error = new AppError('TIMEOUT', `${what}: no answer within ${deadlineMs / 1000} s`, {
        hint: 'look whether the Docker daemon is in trouble; what was asked for may still happen',
      });
      reject(error);
      controller.abort(error);
    });
    call(controller.signal).then(resolve, reject).finally(cancel);
  });
}
