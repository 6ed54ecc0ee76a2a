import type { Static } from 'typebox';
import type {
  AlertsAnswer,
  BacktestAnswer,
  BacktestQuery,
  ChannelsAnswer,
  ChannelTestAnswer,
  CollectorsAnswer,
  ConsistencyAnswer,
  CreatedToken,
  CreateToken,
  DeadLettersAnswer,
  DecisionsAnswer,
  EndpointsAnswer,
  EventsAnswer,
  EventsQuery,
  ExplainAnswer,
  GroupsAnswer,
  MemoryAnswer,
  MetadataAnswer,
  MonitorsAnswer,
  problemSchema,
  QueryRange,
  QueryRangeAnswer,
  RulesAnswer,
  SessionAnswer,
  SignIn,
  SilenceRequest,
  SilencesAnswer,
  setPasswordSchema,
} from '../../../core/api/index.ts';
import type { Clock } from '../clock.ts';

export type Problem = Static<typeof problemSchema>;

/** Every way a request can fail, with what the server said about it. `status` 0: it did not answer. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  readonly status: number;
  readonly problem: Problem;

  constructor(status: number, problem: Problem) {
    super(problem.message);
    this.status = status;
    this.problem = problem;
  }
}

/** Codes of our own, for what happens before the server can say anything. */
export const NO_ANSWER = 'NO_ANSWER';
const NOT_JSON = 'NOT_JSON';

const TIMEOUT_MS = 15_000;
const BACKTEST_TIMEOUT_MS = 5 * 60_000;

export type ApiPorts = {
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  /** The session has ended: an answer was 401 although nobody was signing in. */
  readonly onSignedOut: () => void;
  /** Each answer that carries the server's time, with when it was asked for and when it came. */
  readonly onServerTime: (serverMs: number, sentAtMs: number, receivedAtMs: number) => void;
};

type Ask = {
  readonly method?: string;
  readonly body?: unknown;
  readonly signingIn?: boolean;
  readonly timeoutMs?: number;
};

/** The server's REST interface. Every method rejects with an `ApiProblem`. */
export class Api {
  readonly #ports: ApiPorts;

  constructor(ports: ApiPorts) {
    this.#ports = ports;
  }

  session(): Promise<SessionAnswer> {
    return this.#ask('/api/v1/session', { signingIn: true });
  }

  signIn(body: SignIn): Promise<SessionAnswer> {
    return this.#ask('/api/v1/session', { method: 'POST', body, signingIn: true });
  }

  setPassword(body: Static<typeof setPasswordSchema>): Promise<unknown> {
    return this.#ask('/api/v1/session/password', { method: 'POST', body });
  }

  signOut(): Promise<unknown> {
    return this.#ask('/api/v1/session', { method: 'DELETE', signingIn: true });
  }

  /** The only answer that holds the token's secret. */
  createToken(body: CreateToken): Promise<CreatedToken> {
    return this.#ask('/api/v1/tokens', { method: 'POST', body });
  }

  endpoints(): Promise<EndpointsAnswer> {
    return this.#askTimed('/api/v1/endpoints');
  }

  collectors(): Promise<CollectorsAnswer> {
    return this.#askTimed('/api/v1/collectors');
  }

  /** What happened on hosts and to containers, the newest first. */
  events(query: EventsQuery): Promise<EventsAnswer> {
    const given = Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]);
    return this.#askTimed(`/api/v1/events?${new URLSearchParams(given)}`);
  }

  memory(endpoint: string): Promise<MemoryAnswer> {
    return this.#askTimed(`/api/v1/memory?${new URLSearchParams({ endpoint })}`);
  }

  metadata(): Promise<MetadataAnswer> {
    return this.#ask('/api/v1/metadata');
  }

  alerts(status: 'open' | 'all'): Promise<AlertsAnswer> {
    return this.#askTimed(`/api/v1/alerts?status=${status}`);
  }

  /** Two months of minutes take longer than other questions. */
  backtest(query: BacktestQuery): Promise<BacktestAnswer> {
    return this.#ask('/api/v1/rules/backtest', { method: 'POST', body: query, timeoutMs: BACKTEST_TIMEOUT_MS });
  }

  explain(rule: string, endpoint: string): Promise<ExplainAnswer> {
    return this.#askTimed(`/api/v1/alerts/explain?${new URLSearchParams({ rule, endpoint })}`);
  }

  rules(): Promise<RulesAnswer> {
    return this.#ask('/api/v1/rules');
  }

  channels(): Promise<ChannelsAnswer> {
    return this.#ask('/api/v1/channels');
  }

  testChannel(name: string): Promise<ChannelTestAnswer> {
    return this.#ask(`/api/v1/channels/${encodeURIComponent(name)}/test`, { method: 'POST', body: {} });
  }

  deadLetters(): Promise<DeadLettersAnswer> {
    return this.#ask('/api/v1/dead-letters?limit=100');
  }

  resend(sequence: number): Promise<unknown> {
    return this.#ask(`/api/v1/dead-letters/${sequence}/resend`, { method: 'POST', body: {} });
  }

  silences(): Promise<SilencesAnswer> {
    return this.#ask('/api/v1/silences');
  }

  silence(body: SilenceRequest): Promise<unknown> {
    return this.#ask('/api/v1/silences', { method: 'POST', body });
  }

  liftSilence(id: string): Promise<unknown> {
    return this.#ask(`/api/v1/silences/${encodeURIComponent(id)}`, { method: 'DELETE' });
  }

  acknowledge(alertId: string): Promise<unknown> {
    return this.#ask(`/api/v1/alerts/${encodeURIComponent(alertId)}/acknowledge`, { method: 'POST', body: {} });
  }

  monitors(): Promise<MonitorsAnswer> {
    return this.#ask('/api/v1/monitors');
  }

  /** Patterns and nodes that are empty mean all hosts. */
  consistency(hosts: { readonly host: string; readonly node: string }): Promise<ConsistencyAnswer> {
    const given = Object.entries(hosts).filter(([, value]) => value !== '');
    return this.#ask(`/api/v1/consistency?${new URLSearchParams(given)}`);
  }

  groups(): Promise<GroupsAnswer> {
    return this.#ask('/api/v1/groups');
  }

  decisions(group: string | null): Promise<DecisionsAnswer> {
    return this.#askTimed(`/api/v1/decisions${group === null ? '' : `?${new URLSearchParams({ group })}`}`);
  }

  queryRange(body: QueryRange): Promise<QueryRangeAnswer> {
    return this.#ask('/api/v1/query_range', { method: 'POST', body });
  }

  async #askTimed<T extends { nowMs: number }>(path: string): Promise<T> {
    const sentAtMs = this.#ports.clock.nowMs();
    const answer = await this.#ask<T>(path);
    this.#ports.onServerTime(answer.nowMs, sentAtMs, this.#ports.clock.nowMs());
    return answer;
  }

  async #ask<T>(path: string, ask: Ask = {}): Promise<T> {
    const response = await this.#send(path, ask);
    if (response.status === 401 && !ask.signingIn) this.#ports.onSignedOut();
    if (!response.ok) throw new ApiProblem(response.status, await readProblem(response));
    if (response.status === 204) return JSON.parse('null');
    return response.json();
  }

  async #send(path: string, { method = 'GET', body, timeoutMs = TIMEOUT_MS }: Ask): Promise<Response> {
    const options: RequestInit = { method, signal: AbortSignal.timeout(timeoutMs), credentials: 'same-origin' };
    if (body !== undefined) {
      options.headers = { 'content-type': 'application/json' };
      options.body = JSON.stringify(body);
    }
    try {
      return await this.#ports.fetch(path, options);
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new ApiProblem(0, { code: NO_ANSWER, message });
    }
  }
}

/** An error answer that is not ours (a proxy's page) is described by its status alone. */
async function readProblem(response: Response): Promise<Problem> {
  const fallback: Problem = { code: NOT_JSON, message: `${response.status} ${response.statusText}`.trim() };
  const text = await response.text().catch(() => '');
  try {
    const body: Problem = JSON.parse(text);
    return typeof body.code === 'string' && typeof body.message === 'string' ? body : fallback;
  } catch {
    return fallback;
  }
}

/** What went wrong, from anything that was thrown. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ApiProblem) return error.problem;
  return { code: 'UI_FAULT', message: error instanceof Error ? error.message : String(error) };
}
