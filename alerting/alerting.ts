/** Wires the room: rules file → judging → writer → notifier, and what the API asks. */
import { type Alert, describeError, type RulesAnswer, type TickListener } from '../core/index.ts';
import { createOutbound } from './channels/index.ts';
import { conditionOf } from './events/event.ts';
import { EventWriter } from './events/event-writer.ts';
import { OpenAlerts } from './events/open-alerts.ts';
import { Judging } from './judge/judging.ts';
import { Notifier } from './notifier/notifier.ts';
import type { AlertingOptions } from './ports.ts';
import type { Rule } from './rules/rule.ts';
import { RulesFile, type RulesFileStatus } from './rules/rules-file.ts';
import { formatNode } from './rules/tree.ts';
import { loadOpenAlerts, retentionStatements } from './store/alert-rows.ts';
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
  readonly rulesLoads: number;
  readonly rulesRefusals: number;
};

export type Alerting = {
  /** Judges a tick; returns at once. */
  readonly onTick: TickListener;
  /** The connection of a collector has ended: a collector that died hangs up, a dead host does not. */
  readonly onCollectorLeft: (collector: string) => void;
  /** Rejects with `STATE_STORE`. */
  alerts(query: AlertsQuery): Promise<readonly Alert[]>;
  rules(): RulesAnswer;
  metrics(): AlertingMetrics;
  /** Stops judging, stores what was decided, ends attempts under way. The state store must still be open. */
  close(): Promise<void>;
};

/**
 * Reads the open alerts and the rules file, then is ready for ticks. The state store has had this
 * room's `migrations`. Rejects with `STATE_STORE`.
 */
export async function createAlerting(options: AlertingOptions): Promise<Alerting> {
  const { store, clock, logger, publicUrl, version, lastPoints } = options;
  const changed = () => options.publish('alerts');
  const openAlerts = new OpenAlerts();
  for (const alert of await loadOpenAlerts(store)) openAlerts.set(alert);

  const outbound = createOutbound({ clock, userAgent: `saker/${version}` });
  const notifier = new Notifier({ store, clock, logger, outbound, publicUrl, onChange: changed });
  const onCommitted = (channels: ReadonlySet<string>) => {
    notifier.wake(channels);
    changed();
  };
  const writer = new EventWriter({ store, clock, logger, onCommitted });
  const judging = new Judging({ sink: writer, openAlerts, logger, lastPoints });
  const rulesFile = await followRules(options, judging, notifier);
  const stopRetention = startRetention(options);
  const stopSweeping = startSweeping(options, judging);

  let isClosed = false;
  return {
    onTick: (tick) => {
      if (!isClosed) judging.onTick(tick);
    },
    onCollectorLeft: (collector) => judging.left(collector, clock.nowMs()),
    alerts: (query) => readAlerts(store, query),
    rules: () => rulesAnswer(options.rulesFile, rulesFile?.status),
    metrics: () => metricsOf({ judging, writer, openAlerts, notifier, rulesFile }),
    async close() {
      isClosed = true;
      stopRetention();
      stopSweeping();
      await rulesFile?.close();
      await writer.close();
      await notifier.close();
    },
  };
}

async function followRules(options: AlertingOptions, judging: Judging, notifier: Notifier): Promise<RulesFile | null> {
  const { rulesFile: path, clock, logger, publish } = options;
  if (path === null) return null;
  const file = new RulesFile({
    path,
    clock,
    logger,
    onRules: (rules) => {
      notifier.useChannels(rules.channels);
      judging.useRules(rules, clock.nowMs());
    },
    onStatus: () => publish('alerts'),
  });
  await file.start();
  return file;
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

function rulesAnswer(file: string | null, status: RulesFileStatus | undefined): RulesAnswer {
  return {
    file,
    loadedAtMs: status?.loadedAtMs ?? null,
    error: status?.error ?? null,
    rules: (status?.rules.rules ?? []).map(ruleAnswer),
  };
}

function ruleAnswer(rule: Rule): RulesAnswer['rules'][number] {
  const { name, priority, maxStep, minIntervalSeconds, note, notify } = rule;
  const where = whereInWords(rule.where);
  return { name, ...conditionOf(rule), where, priority, maxStep, minIntervalSeconds, note, channels: [...notify] };
}

/** What a rule's `where` says besides tags, each key as it stands in the file. */
function whereInWords({ tags: _tags, labels, nodes, ...named }: Rule['where']): Record<string, string> {
  const labelled = Object.entries(labels).map(([key, value]) => [`labels.${key}`, value]);
  const below = nodes.length === 0 ? [] : [['node', nodes.map(formatNode).join(' or ')]];
  return Object.fromEntries([...Object.entries(named), ...below, ...labelled]);
}

type Parts = {
  readonly judging: Judging;
  readonly writer: EventWriter;
  readonly openAlerts: OpenAlerts;
  readonly notifier: Notifier;
  readonly rulesFile: RulesFile | null;
};

function metricsOf({ judging, writer, openAlerts, notifier, rulesFile }: Parts): AlertingMetrics {
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
    rulesLoads: rulesFile?.counts.loads ?? 0,
    rulesRefusals: rulesFile?.counts.refusals ?? 0,
  };
}
