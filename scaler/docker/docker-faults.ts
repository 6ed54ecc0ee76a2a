import { AppError } from '../../core/index.ts';

/** What docker-modem adds to an error that stands for an HTTP answer. */
export function statusOf(error: unknown): number | null {
  const status = property(error, 'statusCode');
  return typeof status === 'number' ? status : null;
}

/** An error of dockerode as one of ours: nobody there, or a daemon that said no. */
export function asAppError(error: unknown, what: string, name: string): AppError {
  if (error instanceof AppError) return error;
  const status = statusOf(error);
  const code = property(error, 'code');
  if (status === null) {
    const hint = typeof code === 'string' ? connectionHints[code] : undefined;
    return new AppError('DOCKER_UNAVAILABLE', `${what}: ${reasonOf(error)}`, {
      where: name,
      hint: hint ?? 'look whether the Docker daemon runs',
      cause: error,
    });
  }
  const hint = status === 404 ? { hint: 'pull or build the image on this host' } : {};
  const details = { where: name, cause: error, ...(what.startsWith('create') ? hint : {}) };
  return new AppError('DOCKER_REFUSED', `${what}: Docker says ${status}: ${reasonOf(error)}`, details);
}

const connectionHints: Readonly<Record<string, string>> = {
  ENOENT: 'start Docker, or give the path of its socket',
  ECONNREFUSED: 'start Docker',
  EACCES: 'run Saker as a user of the group that owns the socket',
};

/** Docker's own words, without docker-modem's frame around them. */
function reasonOf(error: unknown): string {
  const body = property(error, 'json');
  const message = property(body, 'message');
  if (typeof message === 'string' && message !== '') return message.slice(0, REASON_MAX);
  return error instanceof Error ? error.message.slice(0, REASON_MAX) : 'an unknown error';
}

/** Longer than any answer that Docker gives; a runaway one does not fill the decision log. */
const REASON_MAX = 500;

function property(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}
