/** Wires the room: rules file → judging → writer → notifier, and what the API asks. */
import {
  type Alert,
  AppError,
  type BacktestAnswer,
  type BacktestQuery,
  type Dictionary,
  describeError,
  type Endpoint,
  type ExplainAnswer,
  type ExplainQuery,
  type RulesAnswer,
  type Second,
  type TickListener,
} from '../core/index.ts';
import { Delivery } from './delivery/delivery.ts';
import type { Operations } from './delivery/operations.ts';
import { EventWriter } from './events/event-writer.ts';
import { explainAnswer } from './events/explain-answer.ts';
import { OpenAlerts } from './events/open-alerts.ts';
import { Judging } from './judge/judging.ts';
import { Baselines } from './judge/plan/baselines.ts';
import { runBacktest } from './judge/replay/run-backtest.ts';
import type { AlertingOptions } from './ports.ts';
import { RuleEditor } from './rules/answers/rule-editor.ts';
import { rulesAnswer } from './rules/answers/rules-answer.ts';
import type { RulesFile } from './rules/live/rules-file.ts';
import { RulesInForce } from './rules/live/rules-in-force.ts';
import { type WatchedMetric, watchedOn } from './rules/watched.ts';
import { type Commit, loadOpenAlerts, retentionStatements } from './store/alert-rows.ts';
import { type AlertsQuery, readAlerts } from './store/queries.ts';

const RETENTION_EVERY_MS = 3600 * 1000;
const SWEEP_EVERY_MS = 1000;

/** Counters since the start, and three gauges: `eventsQueued`, `openAlerts`, `seriesRefused`. */
export type AlertingMetrics = {
  readonly ticksJudged: number;
  readonly ticksLate: number;
  readonly pointsJudged: number;
  readonly judgements: number;
  readonly events: number;
  readonly eventsRefused: number;
  readonly eventsInhibited: number;
  readonly eventsQueued: number;
  readonly eventWritesFailed: number;
  readonly openAlerts: number;
  readonly seriesRefused: number;
  readonly deliveryAttempts: number;
  readonly deliveriesDelivered: number;
  readonly deliveriesFailed: number;
  readonly deliveryRetries: number;
  readonly deliveriesHeld: number;
  readonly digests: number;
  /** Channels whose receiver takes nothing at the moment. */
  readonly channelsOpen: number;
  readonly escalations: number;
  readonly summaries: number;
  readonly heartbeats: number;
  /** Signs of life that were not sent, because no samples arrived. */
  readonly heartbeatsWithheld: number;
  readonly silences: number;
  readonly prehandlingActions: number;
  readonly prehandlingHelped: number;
  readonly prehandlingNotHelped: number;
  readonly rulesLoads: number;
  readonly rulesRefusals: number;
};

export type Alerting = {
  /** Judges a tick; returns at once. */
  readonly onTick: TickListener;
  /** The connection of a collector has ended: a collector that died hangs up, a dead host does not. */
  readonly onCollectorLeft: (collector: string) => void;
  /** A collector that was heard before this server started; its silence from now on is noticed. */
  remember(collector: string, dictionary: Dictionary, newest: Second): void;
  /** Rejects with `STATE_STORE`. */
  alerts(query: AlertsQuery): Promise<readonly Alert[]>;
  rules(): RulesAnswer;
  /** Rules that are made through the API and the console. */
  readonly ruleEditor: RuleEditor;
  /** Why somebody was, or was not, told. Rejects with `NOT_FOUND` for a rule that there is not. */
  explain(query: ExplainQuery): Promise<ExplainAnswer>;
  /** When these rules would have fired. Rejects with `BAD_REQUEST`, `QUERY_LIMIT`, `HISTORY_UNAVAILABLE`. */
  backtest(query: BacktestQuery): Promise<BacktestAnswer>;
  /** What the rules look at on an endpoint. */
  watchedOn(endpoint: Endpoint, isAsked: (metric: string) => boolean): readonly WatchedMetric[];
  metrics(): AlertingMetrics;
  /** Silences, acknowledgements, tests of channels, dead letters. */
  readonly operations: Operations;
  /** Stops judging, stores what was decided, ends attempts under way. The state store must still be open. */
  close(): Promise<void>;
};

/**
 * Reads the open alerts and the rules file, then is ready for ticks. The state store has had this
 * room's `migrations`. Rejects with `STATE_STORE`.
 */
export async function createAlerting(options: AlertingOptions): Promise<Alerting> {
  const { store, clock, logger, lastPoints } = options;
  const changed = () => options.publish('alerts');
  const openAlerts = new OpenAlerts();
  for (const alert of await loadOpenAlerts(store)) openAlerts.set(alert);

  const delivery = await Delivery.open({ ...options, onChange: changed });
  const onCommitted = (channels: ReadonlySet<string>) => {
    delivery.notifier.wake(channels);
    changed();
  };
  const plan = (commit: Commit, nowMs: number) => delivery.plan(commit, nowMs);
  const writer = new EventWriter({ store, clock, logger, plan, onCommitted });
  const baselines = options.past && new Baselines({ query: options.past.query, clock, logger });
  const judging = new Judging({ sink: writer, openAlerts, logger, lastPoints, baselines });
  const rules = await RulesInForce.open({
    store,
    clock,
    logger,
    path: options.rulesFile,
    onRules: (set, isWhole) => {
      delivery.use(set);
      judging.useRules(set, clock.nowMs(), isWhole);
    },
    onStatus: changed,
  });
  const stopRetention = startRetention(options);
  const stopSweeping = startSweeping(options, judging);

  let isClosed = false;
  return {
    onTick: (tick) => {
      if (isClosed) return;
      judging.onTick(tick);
      delivery.onTick();
    },
    remember: (collector, dictionary, newest) => judging.remember(collector, dictionary, newest, clock.nowMs()),
    onCollectorLeft: (collector) => judging.left(collector, clock.nowMs()),
    alerts: (query) => readAlerts(store, query),
    watchedOn: (endpoint, isAsked) => (judging.rules === null ? [] : watchedOn(judging.rules, endpoint, isAsked)),
    rules: () => rulesAnswer(options.rulesFile, rules),
    ruleEditor: new RuleEditor({
      store,
      inForce: rules,
      dictionaries: () => [...judging.plans].map(([, { dictionary }]) => dictionary),
    }),
    explain: (query) => explainAnswer(judging, store, query, clock.nowMs()),
    backtest: async (query) => {
      if (options.past === undefined) throw new AppError('NOT_FOUND', 'this server keeps no past to test rules on');
      return runBacktest(query, {
        ...options.past,
        clock,
        current: rules.current,
        outerFor: (entry) => rules.stored.outerFor(entry),
      });
    },
    metrics: () => metricsOf({ judging, writer, openAlerts, delivery, rulesFile: rules.file }),
    operations: delivery.operations,
    async close() {
      isClosed = true;
      stopRetention();
      stopSweeping();
      await rules.close();
      await baselines?.close();
      await writer.close();
      await delivery.close();
    },
  };
}

/** Looks once a second for series that have fallen silent. Returns how to stop. */
function startSweeping({ clock }: AlertingOptions, judging: Judging): () => void {
  let cancel = () => {};
  const sweep = () => {
    judging.sweep(clock.nowMs());
    cancel = clock.after(SWEEP_EVERY_MS, sweep);
  };
  cancel = clock.after(SWEEP_EVERY_MS, sweep);
  return () => cancel();
}

/** Removes what is older than 30 days, now and every hour. Returns how to stop. */
function startRetention({ store, clock, logger }: AlertingOptions): () => void {
  let cancel = () => {};
  let isStopped = false;
  const run = () => {
    store
      .write(retentionStatements(clock.nowMs()))
      .catch((error) => logger.warn({ error: describeError(error) }, 'old alerts could not be removed'))
      .finally(() => {
        if (!isStopped) cancel = clock.after(RETENTION_EVERY_MS, run);
      });
  };
  run();
  return () => {
    isStopped = true;
    cancel();
  };
}

type Parts = {
  readonly judging: Judging;
  readonly writer: EventWriter;
  readonly openAlerts: OpenAlerts;
  readonly delivery: Delivery;
  readonly rulesFile: RulesFile | null;
};

function metricsOf({ judging, writer, openAlerts, delivery, rulesFile }: Parts): AlertingMetrics {
  const { notifier, duties, operations, prehandler } = delivery;
  return {
    ticksJudged: judging.counts.ticks,
    ticksLate: judging.counts.lateTicks,
    pointsJudged: judging.counts.points,
    judgements: judging.counts.judgements,
    events: judging.incidents.counts.events,
    eventsRefused: judging.incidents.counts.eventsRefused,
    eventsInhibited: judging.incidents.counts.eventsInhibited,
    eventsQueued: writer.queued,
    eventWritesFailed: writer.counts.writesFailed,
    openAlerts: openAlerts.size,
    seriesRefused: judging.seriesRefused,
    deliveryAttempts: notifier.counts.attempts,
    deliveriesDelivered: notifier.counts.delivered,
    deliveriesFailed: notifier.counts.failed,
    deliveryRetries: notifier.counts.retries,
    deliveriesHeld: notifier.counts.held,
    digests: notifier.counts.digests,
    channelsOpen: notifier.states.filter(({ state }) => state === 'open').length,
    escalations: duties.counts.escalations,
    summaries: duties.counts.summaries,
    heartbeats: duties.counts.heartbeats,
    heartbeatsWithheld: duties.counts.heartbeatsWithheld,
    prehandlingActions: prehandler.counts.actions,
    prehandlingHelped: prehandler.counts.helped,
    prehandlingNotHelped: prehandler.counts.notHelped,
    silences: operations.silences().length,
    rulesLoads: rulesFile?.counts.loads ?? 0,
    rulesRefusals: rulesFile?.counts.refusals ?? 0,
  };
}
