/** A server as it answers: alive, durable, in time, and its collectors. */
import {
  type Clock,
  type CollectorsAnswer,
  collectorsAnswerSchema,
  describeError,
  parserOf,
  version,
} from '../../../../core/index.ts';
import { type Check, note, ok, problem, skipped, type Verdict, warning } from '../check.ts';

const ANSWER_MS_MAX = 5000;
const SKEW_MS_WARNING = 1000;
const SKEW_MS_PROBLEM = 10_000;
const SILENT_MS_MAX = 15_000;
const LAG_S_WARNING = 120;
const LAG_S_PROBLEM = 3600;
/** Names listed in one line. */
const NAMES_MAX = 5;

const parseCollectors = parserOf(collectorsAnswerSchema, 'BAD_REQUEST', 'list of collectors');

export type AskedServer = { readonly url: string; readonly token: string | null; readonly clock: Clock };

export function serverChecks(server: AskedServer): readonly Check[] {
  const { url } = server;
  return [
    {
      id: 'server.reach',
      title: 'server',
      why: 'What can not be reached takes no samples and sends no alerts.',
      look: () => lookForServer(server),
    },
    {
      id: 'server.transport',
      title: 'transport',
      why: 'Tokens and passwords travel with every request: without TLS whoever is on the way reads them.',
      look: async () => judgeTransport(url),
    },
    {
      id: 'server.ready',
      title: 'its parts',
      why: 'Samples are only acknowledged while the log can be written; history may lag without loss.',
      look: () => lookAtReadiness(server),
    },
    {
      id: 'server.clock',
      title: 'clock against the server',
      why: 'Samples carry the time of their host; alerts and charts compare them with the server’s.',
      look: () => lookAtClock(server),
    },
    ...figureChecks(server),
    {
      id: 'server.collectors',
      title: 'collectors',
      why: 'A host that is not heard is not watched, and nobody may notice until it matters.',
      look: () => lookAtCollectors(server),
    },
  ];
}

function figureChecks(server: AskedServer): readonly Check[] {
  return [
    {
      id: 'server.log',
      title: 'segment log',
      why: 'What was acknowledged lies there; a write that fails keeps samples in the collectors.',
      look: async () => {
        const figures = await figuresOf(server);
        const failures = figures.get('saker_log_failures_total') ?? 0;
        const lost = figures.get('saker_history_lost_segments_total') ?? 0;
        if (figures.get('saker_log_healthy') === 0)
          return problem('can not be written', 'make room on its disk; journalctl says what failed');
        if (lost > 0)
          return warning(
            `${lost} segments were freed before history read them`,
            'give the log more room, or history more speed',
          );
        return failures > 0
          ? warning(`${failures} writes failed since the start`, 'dmesg and smartctl tell of the disk')
          : ok('healthy');
      },
    },
    {
      id: 'server.history',
      title: 'history',
      why: 'Charts beyond 24 h and forecasts end where it is; the log keeps what it has not read.',
      look: async () => {
        const figures = await figuresOf(server);
        if (figures.get('saker_history_up') === 0)
          return problem(
            'its engine does not answer',
            'look into the log of the history process, or at --clickhouse-url',
          );
        const lag = figures.get('saker_history_lag_seconds');
        return lag === undefined ? ok('up to date') : judgeLag(lag);
      },
    },
  ];
}

async function lookForServer(server: AskedServer): Promise<Verdict> {
  const fix = `on its host: saker doctor --data-dir DIR; from here: curl -v ${server.url}/healthz`;
  try {
    const { ok: isAlive, status } = await ask(server, '/healthz');
    return isAlive ? ok(`answers at ${server.url}`) : problem(`answers with status ${status}`, fix);
  } catch (error) {
    return problem(describeError(error), fix);
  }
}

export function judgeTransport(url: string): Verdict {
  const { protocol, hostname } = new URL(url);
  if (protocol === 'https:') return ok('TLS');
  if (/^(localhost|127\.|\[::1\])/.test(hostname)) return ok('loopback');
  return warning('not encrypted', 'put a proxy with TLS in front (README) and use its https:// address');
}

export function judgeLag(lagSeconds: number): Verdict {
  const result = `${Math.round(lagSeconds)} s behind`;
  const fix = 'saker top on its host shows whether it has too little CPU or a slow disk';
  if (lagSeconds > LAG_S_PROBLEM) return problem(result, fix);
  return lagSeconds > LAG_S_WARNING ? warning(result, fix) : ok(result);
}

async function lookAtReadiness(server: AskedServer): Promise<Verdict> {
  const answer = await ask(server, '/readyz');
  const { parts } = (await answer.json()) as { parts?: Record<string, string> };
  const words = Object.entries(parts ?? {})
    .map(([name, state]) => `${name}: ${state}`)
    .join(', ');
  return answer.ok ? ok(words) : problem(words, 'what is not ok here is in the server’s log with its reason');
}

/** The server's time, from the header of an answer: whole seconds, so that less than two can not be told. */
async function lookAtClock(server: AskedServer): Promise<Verdict> {
  const { clock } = server;
  const from = clock.nowMs();
  const answer = await ask(server, '/healthz');
  const told = Date.parse(answer.headers.get('date') ?? '');
  if (Number.isNaN(told)) return skipped('the server does not tell its time');
  const middle = (from + clock.nowMs()) / 2;
  const off = Math.max(0, Math.abs(middle - (told + 500)) - 500);
  return judgeSkew(off, 'this host');
}

export function judgeSkew(offMs: number, who: string): Verdict {
  const result = offMs < SKEW_MS_WARNING ? 'within a second' : `${who} is ${(offMs / 1000).toFixed(1)} s off`;
  const fix = 'timedatectl set-ntp true on the host whose clock is wrong';
  if (offMs >= SKEW_MS_PROBLEM) return problem(result, fix);
  return offMs >= SKEW_MS_WARNING ? warning(result, fix) : ok(result);
}

async function lookAtCollectors(server: AskedServer): Promise<Verdict> {
  if (server.token === null) return skipped('only told to who has a token of scope api: --token-file');
  const answer = await ask(server, '/api/v1/collectors');
  if (answer.status === 401)
    return problem('the server does not take this token', 'make one of scope api (POST /api/v1/tokens)');
  return judgeCollectors(parseCollectors(await answer.json()));
}

export function judgeCollectors({ nowMs, collectors }: CollectorsAnswer): Verdict {
  const named = (test: (one: CollectorsAnswer['collectors'][number]) => boolean): string[] =>
    collectors.filter(test).map(({ name }) => name);
  const silent = named(
    ({ connected, lastFrameMs }) => !connected || lastFrameMs === null || nowMs - lastFrameMs > SILENT_MS_MAX,
  );
  const off = named(({ clockSkewMs }) => Math.abs(clockSkewMs ?? 0) >= SKEW_MS_WARNING);
  const refused = named(({ seriesRefused }) => seriesRefused > 0);
  const others = named((one) => one.version !== version);
  if (collectors.length === 0)
    return warning('none has ever connected', 'sh install.sh on a host (docs/collector/install.md)');
  if (silent.length > 0)
    return problem(
      `not heard: ${list(silent)}`,
      'on that host: systemctl status saker-collector, saker doctor --server URL',
    );
  if (off.length > 0) return warning(`clock more than a second off: ${list(off)}`, 'timedatectl set-ntp true there');
  if (refused.length > 0)
    return warning(
      `more series than their budget: ${list(refused)}`,
      'saker_series_refused_total counts them; fewer containers, or fewer monitors',
    );
  if (others.length > 0)
    return note(`of another version than ${version}: ${list(others)}`, 'run install.sh there again');
  return ok(`${collectors.length} connected, in time, of version ${version}`);
}

const list = (names: readonly string[]): string =>
  names.length <= NAMES_MAX
    ? names.join(', ')
    : `${names.slice(0, NAMES_MAX).join(', ')} and ${names.length - NAMES_MAX} more`;

async function figuresOf(server: AskedServer): Promise<ReadonlyMap<string, number>> {
  const text = await (await ask(server, '/metrics')).text();
  return new Map([...text.matchAll(/^(saker_\w+) (\S+)$/gm)].map(([, name = '', value]) => [name, Number(value)]));
}

async function ask({ url, token }: AskedServer, path: string): Promise<Response> {
  const headers = token === null ? {} : { authorization: `Bearer ${token}` };
  return fetch(`${url}${path}`, { headers, signal: AbortSignal.timeout(ANSWER_MS_MAX) }).catch((error: unknown) => {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new Error(`${url} does not answer: ${cause}`);
  });
}
