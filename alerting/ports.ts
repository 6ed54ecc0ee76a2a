import type {
  AlertEvent,
  Clock,
  Endpoint,
  Logger,
  QueryRange,
  QueryRangeAnswer,
  Second,
  SeriesIdentity,
  StateStore,
} from '../core/index.ts';

export type SeriesPoint = { readonly second: Second; readonly value: number };

/**
 * The newest points of a series before a second that realtime has in memory, oldest first, at most
 * `count` of them. Called in the intake path when a series is judged for the first time, so that a
 * restart does not begin with empty windows; it must not wait.
 */
export type LastPoints = (series: SeriesIdentity, count: number, before: Second) => readonly SeriesPoint[];

/** What the past is asked of: the query door of the API, and the endpoints that are known. */
export type PastPort = {
  readonly query: (query: QueryRange) => Promise<QueryRangeAnswer>;
  readonly endpointOf: (name: string) => Endpoint | undefined;
  /** From this second on the query has every second, before it minutes. */
  readonly oldestSecond: () => number;
};

/**
 * What may be done before a person is woken. Each call ends within a deadline of its own, does the same thing once
 * for one `actionId`, and resolves with what it did in one sentence. Rejects with an `AppError`.
 */
export type PrehandlingPorts = {
  /** Restarts the container that an endpoint stands for. */
  readonly restartContainer?: (endpoint: string, actionId: string) => Promise<string>;
  readonly runWorkflow?: (workflow: string, event: AlertEvent, actionId: string) => Promise<string>;
};

export type AlertingOptions = {
  readonly store: StateStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Path of the rules file, which need not exist yet; null for a server without rules. */
  readonly rulesFile: string | null;
  /** Where people open the console, as in `https://saker.example.org`: links in messages begin with it. */
  readonly publicUrl: string;
  /** As in `0.1.0`, for the User-Agent of messages. */
  readonly version: string;
  /** Tells live clients that alerts or rules have changed. Must return at once and not throw. */
  readonly publish: (topic: 'alerts') => void;
  /** Without it nothing is done but webhooks. */
  readonly prehandling?: PrehandlingPorts;
  readonly lastPoints?: LastPoints;
  /** For backtests; without it there are none. */
  readonly past?: PastPort;
};
