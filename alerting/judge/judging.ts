/**
 * Judges ticks as they arrive, in the intake path: it waits for nothing. What it decides goes to a
 * sink with a bound; when that is full, the decision is not taken, and the next sample takes it.
 */
import type { AlertEvent, Logger, Tick, TimestampMs } from '../../core/index.ts';
import { closingEvent, eventOfTransition } from '../events/event.ts';
import type { OpenAlert, OpenAlerts } from '../events/open-alerts.ts';
import type { LastPoints } from '../ports.ts';
import type { Rule, RuleSet } from '../rules/rule.ts';
import type { Commit } from '../store/alert-rows.ts';
import { judgeFunctions } from './functions.ts';
import { explain, judge } from './judge.ts';
import { Plan, type PlanEntry, type RulesByMetric, setOpen, WELL } from './plan.ts';
import { quiet, transition } from './transition.ts';

/** With more collectors than this, the one whose plan is oldest loses its windows. */
const COLLECTORS_MAX = 1000;

/** Points in all windows together, at 12 bytes: 192 MB. 40,000 series that look back 60 points need 2.4 million. */
const POINTS_MAX = 16 * 1024 * 1024;

export type EventSink = {
  readonly hasRoom: boolean;
  push(commit: Commit): void;
};

export type JudgingOptions = {
  readonly sink: EventSink;
  readonly openAlerts: OpenAlerts;
  readonly logger: Logger;
  readonly lastPoints?: LastPoints | undefined;
};

export type JudgingCounts = {
  ticks: number;
  lateTicks: number;
  points: number;
  judgements: number;
  events: number;
  /** Put off because the sink had no room; the next sample tries again. */
  eventsRefused: number;
};

export class Judging {
  readonly counts: JudgingCounts = {
    ticks: 0,
    lateTicks: 0,
    points: 0,
    judgements: 0,
    events: 0,
    eventsRefused: 0,
  };
  readonly #options: JudgingOptions;
  /** By collector, the oldest plan first. */
  readonly #plans = new Map<string, Plan>();
  /** Null until a rules file was read: an alert from before a restart must not end because the file is away. */
  #rules: RulesByMetric | null = null;
  #closings: { readonly alert: OpenAlert; readonly reason: string }[] = [];

  constructor(options: JudgingOptions) {
    this.#options = options;
  }

  /** From the next tick on these rules hold. Alerts whose rule is gone, or asks for another metric, end now. */
  useRules({ rules }: RuleSet, nowMs: TimestampMs): void {
    this.#rules = groupByMetric(rules);
    const bySlug = new Map(rules.map((rule) => [rule.slug, rule]));
    this.#closings = [];
    for (const alert of this.#options.openAlerts.all()) {
      const rule = bySlug.get(alert.slug);
      if (rule === undefined) this.#closings.push({ alert, reason: 'the rule was removed from the rules file' });
      else if (rule.metric !== alert.event.condition.metric) {
        this.#closings.push({ alert, reason: `the rule was changed to watch ${rule.metric}` });
      }
    }
    this.#close(nowMs);
  }

  /** Series that rules watch and that are not judged, because all windows are in use. */
  get seriesRefused(): number {
    let count = 0;
    for (const plan of this.#plans.values()) count += plan.refusedCount;
    return count;
  }

  onTick(tick: Tick): void {
    if (tick.kind === 'late') {
      this.counts.lateTicks++;
      return;
    }
    if (this.#rules === null) return;
    this.counts.ticks++;
    const plan = this.#planFor(tick, this.#rules);
    if (this.#closings.length > 0) this.#close(tick.receivedAtMs);
    this.counts.points += plan.append(tick.frame);
    for (const entry of plan.entries) this.#judgeEntry(plan, entry, tick.receivedAtMs);
  }

  /** The loop that runs for every rule on every series in every second. */
  #judgeEntry(plan: Plan, entry: PlanEntry, nowMs: TimestampMs): void {
    const { rows, quietUntil, pointsNeeded } = entry;
    const { fresh, window } = plan;
    const { condition } = entry.rule;
    const found = judgeFunctions[condition.func];
    const nowSecond = Math.floor(nowMs / 1000);
    let judgements = 0;
    for (let pair = 0; pair < rows.length; pair++) {
      const row = rows[pair] ?? 0;
      if (fresh[row] === 0) continue;
      window.moveTo(row);
      if (window.count < pointsNeeded) continue;
      judgements++;
      const until = quietUntil[pair] ?? WELL;
      // Still well, or bad and told of not long ago: most judgements end here.
      if (found.triggered(window, condition) ? nowSecond < until : until === WELL) continue;
      this.#decide(plan, entry, pair, nowSecond);
    }
    this.counts.judgements += judgements;
  }

  #decide(plan: Plan, entry: PlanEntry, pair: number, nowSecond: number): void {
    const { rule } = entry;
    const alert = entry.open.get(pair);
    const judgement = judge(rule.condition, plan.window);
    const change = transition(alert?.state ?? quiet, judgement, rule, nowSecond);
    if (change.kind === 'none' || !this.#hasRoom(change.next.kind === 'open' && alert === undefined)) return;
    const subject = plan.subjectOf(entry.rows[pair] ?? 0);
    const event = eventOfTransition(rule, subject, change, explain(rule.condition, plan.window));
    // An incident is ended where it was told, even if the rule has other receivers by now.
    const channels = alert === undefined ? rule.notify : union(alert.channels, rule.notify);
    if (change.next.kind === 'open') {
      const next = { slug: rule.slug, series: subject.series, channels, event, state: change.next };
      this.#options.openAlerts.set(next);
      setOpen(entry, pair, next);
    } else if (alert !== undefined) {
      this.#options.openAlerts.delete(alert);
      setOpen(entry, pair, undefined);
    }
    this.#push({
      event,
      slug: rule.slug,
      series: subject.series,
      channels,
      ...times(change.second, change.sinceSecond),
    });
  }

  /** Ends alerts that no sample can end any more; what the sink has no room for is tried with the next tick. */
  #close(nowMs: TimestampMs): void {
    const waiting = this.#closings;
    this.#closings = [];
    for (const closing of waiting) {
      const { alert, reason } = closing;
      if (this.#options.openAlerts.get(alert.slug, alert.series) !== alert) continue;
      if (!this.#hasRoom(false)) {
        this.#closings.push(closing);
        continue;
      }
      const second = Math.floor(nowMs / 1000);
      this.#options.openAlerts.delete(alert);
      this.#push({
        ...alert,
        event: closingEvent(alert.event, second, reason),
        ...times(second, alert.state.sinceSecond),
      });
    }
  }

  #hasRoom(isNew: boolean): boolean {
    const { sink, openAlerts } = this.#options;
    const has = sink.hasRoom && (!isNew || openAlerts.hasRoom);
    if (!has) this.counts.eventsRefused++;
    return has;
  }

  #push(commit: Omit<Commit, 'isOpen'>): void {
    this.counts.events++;
    this.#options.sink.push({ ...commit, isOpen: isProblem(commit.event) });
  }

  #planFor({ frame: { collector, second }, dictionary }: Tick, rules: RulesByMetric): Plan {
    const previous = this.#plans.get(collector);
    if (previous?.fits(dictionary, rules)) return previous;
    this.#plans.delete(collector);
    const { openAlerts, lastPoints, logger } = this.#options;
    const pointsMax = Math.max(0, POINTS_MAX - this.#windowPoints());
    const plan = new Plan({ dictionary, rules, openAlerts, pointsMax, previous, lastPoints, second });
    this.#plans.set(collector, plan);
    const eldest = this.#plans.keys().next();
    if (this.#plans.size > COLLECTORS_MAX && !eldest.done) this.#plans.delete(eldest.value);
    const reason = 'the rule was changed and does not watch this series any more';
    for (const alert of plan.orphans) this.#closings.push({ alert, reason });
    if (plan.refusedCount > 0) {
      logger.warn({ collector, series: plan.refusedCount }, 'series are not judged: all windows are in use');
    }
    return plan;
  }

  #windowPoints(): number {
    let points = 0;
    for (const plan of this.#plans.values()) points += plan.table.values.length;
    return points;
  }
}

function groupByMetric(rules: readonly Rule[]): RulesByMetric {
  const byMetric = new Map<string, Rule[]>();
  for (const rule of rules) {
    const list = byMetric.get(rule.metric) ?? [];
    list.push(rule);
    byMetric.set(rule.metric, list);
  }
  return byMetric;
}

const isProblem = (event: AlertEvent): boolean => event.status === 'PROBLEM';
const times = (eventSecond: number, sinceSecond: number) => ({ eventSecond, sinceSecond });
const union = (a: readonly string[], b: readonly string[]): readonly string[] => [...new Set([...a, ...b])];
