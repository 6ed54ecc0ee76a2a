/**
 * Judges ticks as they arrive, in the intake path: it waits for nothing. What it decides goes to a
 * sink with a bound; when that is full, the decision is not taken, and the next sample takes it.
 */
import { isDeepStrictEqual } from 'node:util';
import {
  type Dictionary,
  type Frame,
  isPushedBy,
  type Logger,
  limitOf,
  type Second,
  second as secondOf,
  type Tick,
  type TimestampMs,
  UNKNOWN,
} from '../../core/index.ts';
import type { OpenAlerts } from '../events/open-alerts.ts';
import type { LastPoints } from '../ports.ts';
import { isInEffect } from '../rules/hours.ts';
import { allTests, type Rule, type RuleSet } from '../rules/rule.ts';
import { RuleBook } from '../rules/templates.ts';
import { AGGREGATES, Aggregates, seriesOfAggregate } from './aggregates/aggregates.ts';
import { sourceOf } from './aggregates/source.ts';
import { type EventSink, Incidents, type Place } from './incidents.ts';
import type { Baselines, Wanted } from './plan/baselines.ts';
import { type Bundle, type Judge, Plan, type PlanEntry, setOpen, WELL } from './plan/plan.ts';
import { Silence } from './silence.ts';

export type { EventSink } from './incidents.ts';

/** With more collectors and pushed endpoints than this, the one whose plan is oldest loses its windows. At about 2 KB. */
const PLANS_MAX = 50_000;

/** Points in all windows together, at 12 bytes: 192 MB. 40,000 series that look back 60 points need 2.4 million. */
const POINTS_MAX = 16 * 1024 * 1024;

export type JudgingOptions = {
  readonly sink: EventSink;
  readonly openAlerts: OpenAlerts;
  readonly logger: Logger;
  readonly lastPoints?: LastPoints | undefined;
  /** Keeps what is usual, for `seasonal`; without it such a test is never known. */
  readonly baselines?: Pick<Baselines, 'watch' | 'usualOf'> | undefined;
};

type Heard = { readonly frame: Pick<Frame, 'collector' | 'second'>; readonly dictionary: Dictionary };

export type JudgingCounts = { ticks: number; lateTicks: number; points: number; judgements: number };

export class Judging {
  readonly counts: JudgingCounts = { ticks: 0, lateTicks: 0, points: 0, judgements: 0 };
  readonly incidents: Incidents;
  readonly silence: Silence;
  readonly #options: JudgingOptions;
  /** By `sourceOf`, the oldest plan first. */
  readonly #plans = new Map<string, Plan>();
  /** Of all their windows. */
  #windowPoints = 0;
  /** Null until a rules file was read: an alert from before a restart must not end because the file is away. */
  #rules: RuleBook | null = null;
  /** False while rules may still come that are not there yet. */
  #isWhole = false;
  #aggregates: Aggregates | null = null;
  /** Slugs of the rules whose hours do not hold, as of a minute. */
  #paused: ReadonlySet<string> = new Set();
  #pausedMinute = 0;

  constructor(options: JudgingOptions) {
    this.#options = options;
    this.incidents = new Incidents(options.sink, options.openAlerts);
    this.silence = new Silence(this.incidents);
  }

  get rules(): RuleBook | null {
    return this.#rules;
  }

  get plans(): Iterable<readonly [string, Plan]> {
    return this.#plans;
  }

  /**
   * From the next tick on these rules hold. Alerts whose rule is gone, or asks for another metric, end
   * now; with `isWhole` false, a rule that never was there may still come.
   */
  useRules(rules: RuleSet, nowMs: TimestampMs, isWhole = true): void {
    const book = new RuleBook(rules);
    const before = this.#rules;
    this.#rules = book;
    this.#isWhole = isWhole;
    this.#aggregates = new Aggregates({
      rules: book.aggregates,
      judge: (tick) => this.#judge(tick, book),
      lastPoints: this.#options.lastPoints,
      previous: this.#aggregates ?? undefined,
    });
    // A window of an aggregate that was made otherwise is of no use.
    if (!isDeepStrictEqual(before?.aggregates.map(madeOf), book.aggregates.map(madeOf))) this.#forget(AGGREGATES);
    this.#options.baselines?.watch(seasonsOf(book.all));
    this.#pausedMinute = 0;
    this.incidents.forgetClosings();
    for (const alert of this.#options.openAlerts.all()) {
      const rule = book.find(alert.slug);
      if (rule === undefined && !isWhole && before?.find(alert.slug) === undefined) continue;
      if (rule === undefined) this.incidents.close(alert, 'the rule was removed from the rules file');
      else if (rule.metric !== alert.event.condition.metric) {
        this.incidents.close(alert, `the rule was changed to watch ${rule.metric}`);
      } else if (rule.aggregate !== null && alert.series !== seriesOfAggregate(rule)) {
        this.incidents.close(alert, `the rule was changed to watch ${rule.aggregate.nodeText}`);
      }
    }
    this.#flush(nowMs);
  }

  /** Series that rules watch and that are not judged, because all windows are in use. */
  get seriesRefused(): number {
    let count = 0;
    for (const plan of this.#plans.values()) count += plan.refusedCount;
    return count;
  }

  /** Bytes of all windows and of the state of pairs; open alerts apart. */
  get windowBytes(): number {
    let bytes = 0;
    for (const plan of this.#plans.values()) bytes += plan.bytes;
    return bytes;
  }

  isPaused(rule: Rule): boolean {
    return this.#paused.has(rule.slug);
  }

  onTick(tick: Tick): void {
    if (tick.kind === 'late') {
      this.counts.lateTicks++;
      return;
    }
    if (this.#rules === null) return;
    this.counts.ticks++;
    this.#judge(tick, this.#rules);
    this.#aggregates?.take(tick);
  }

  #judge(tick: Tick, rules: RuleBook): void {
    const { receivedAtMs: nowMs, frame } = tick;
    const plan = this.#planFor(tick, rules);
    plan.heard(frame.second, nowMs);
    this.#followHours(nowMs);
    this.#flush(nowMs);
    this.counts.points += plan.append(frame);
    const nowSecond = Math.floor(nowMs / 1000);
    for (const bundle of plan.bundles) this.#judgePlain(plan, bundle, nowSecond);
    for (const entry of plan.entries) {
      if (entry.verdict === null || this.#paused.has(entry.rule.slug)) continue;
      this.#judgeComposite(plan, entry, frame.second, nowSecond);
    }
  }

  /**
   * A collector that was heard before the server was started anew: if it does not come back, its
   * silence is noticed all the same, counted from now.
   */
  remember(collector: string, dictionary: Dictionary, newest: Second, nowMs: TimestampMs): void {
    if (this.#rules === null || this.#plans.has(sourceOf(collector, dictionary))) return;
    this.#aggregates?.remember(collector, dictionary, newest, Math.floor(nowMs / 1000));
    const frame = { collector, second: secondOf(newest + 1) };
    const plan = this.#planFor({ frame, dictionary }, this.#rules);
    plan.listeningSinceSecond = Math.floor(nowMs / 1000);
  }

  /** The connection of a collector has ended. */
  left(collector: string, nowMs: TimestampMs): void {
    this.#plans.get(collector)?.left(nowMs);
  }

  /** Looks for series that have fallen silent; to be called every second, also when no tick comes. */
  sweep(nowMs: TimestampMs): void {
    if (this.#rules === null) return;
    this.#followHours(nowMs);
    this.#flush(nowMs);
    for (const plan of this.#plans.values()) this.silence.watch(plan, nowMs, this.#paused);
    this.#flush(nowMs);
  }

  /**
   * The loop that runs for every rule on every series in every second. Series by series, so that a
   * window is looked through once for all the rules that look at it.
   */
  #judgePlain(plan: Plan, bundle: Bundle, nowSecond: number): void {
    const { rows, folds, folded, open } = bundle;
    const judgedBefore = folds.judged;
    for (let pair = 0; pair < rows.length; pair++) {
      const row = rows[pair] ?? 0;
      if (plan.fresh[row] === 0) continue;
      // Most series are well, and were so before: nothing more is looked at.
      if (!folds.judge(plan.table, row) && open[pair] === 0) continue;
      for (let index = 0; index < folded.length; index++) {
        const entry = folded[index];
        const verdict = folds.verdicts[index] ?? UNKNOWN;
        if (entry !== undefined) this.#follow({ plan, entry, pair }, verdict, nowSecond);
      }
    }
    this.counts.judgements += folds.judged - judgedBefore;
    for (const one of bundle.others) if (!one.isPaused) this.#judgeOther(plan, one, nowSecond);
  }

  /** A rule whose function looks at its points in a way of its own. */
  #judgeOther(plan: Plan, { entry, condition, triggered }: Judge, nowSecond: number): void {
    const { window, fresh } = plan;
    const { rows } = entry;
    let judgements = 0;
    for (let pair = 0; pair < rows.length; pair++) {
      const row = rows[pair] ?? 0;
      if (fresh[row] === 0) continue;
      window.moveTo(row);
      const limit = limitOf(condition, window);
      if (limit === 0) continue;
      judgements++;
      this.#follow({ plan, entry, pair }, triggered(window, condition, limit) ? 1 : 0, nowSecond);
    }
    this.counts.judgements += judgements;
  }

  /** Still well, or bad and told of not long ago: most verdicts end here. */
  #follow(place: Place, verdict: number, nowSecond: number): void {
    if (verdict === UNKNOWN) return;
    const until = place.entry.quietUntil[place.pair] ?? WELL;
    if (verdict === 1 ? nowSecond < until : until === WELL) return;
    this.incidents.decide(place, place.plan.second, nowSecond);
  }

  /** The same for conditions over several windows. */
  #judgeComposite(plan: Plan, entry: PlanEntry, second: number, nowSecond: number): void {
    const { rows, verdict } = entry;
    if (verdict === null) return;
    let judgements = 0;
    for (let pair = 0; pair < rows.length; pair++) {
      if (!plan.moveTo(entry, pair)) continue;
      const found = verdict(plan.windows, second);
      if (found !== UNKNOWN) judgements++;
      this.#follow({ plan, entry, pair }, found, nowSecond);
    }
    this.counts.judgements += judgements;
  }

  /** Once a minute: rules whose hours end have their alerts ended, and windows go on filling. */
  #followHours(nowMs: TimestampMs): void {
    const minute = Math.floor(nowMs / 60_000);
    if (minute === this.#pausedMinute || this.#rules === null) return;
    this.#pausedMinute = minute;
    const paused = new Set<string>();
    for (const { slug, hours } of this.#rules.all) {
      if (hours === null || isInEffect(hours, nowMs)) continue;
      paused.add(slug);
      for (const alert of this.#options.openAlerts.ofRule(slug)) {
        this.incidents.close(alert, `the rule is in effect ${hours.text} only`);
      }
    }
    this.#paused = paused;
    for (const plan of this.#plans.values()) plan.pause(paused);
  }

  /** Ends what was asked to end, and forgets it in every plan: many at once when a rule goes. */
  #flush(nowMs: TimestampMs): void {
    const closed = new Set(this.incidents.flush(nowMs));
    if (closed.size === 0) return;
    for (const plan of this.#plans.values()) {
      for (const entry of plan.everyEntry) {
        for (const [pair, open] of entry.open) if (closed.has(open)) setOpen(entry, pair, undefined);
      }
    }
  }

  #planFor({ frame: { collector, second }, dictionary }: Heard, rules: RuleBook): Plan {
    const source = sourceOf(collector, dictionary);
    const previous = this.#plans.get(source);
    if (previous?.fits(dictionary, rules)) return previous;
    this.#forget(source);
    const { openAlerts, logger, baselines } = this.#options;
    const pointsMax = Math.max(0, POINTS_MAX - this.#windowPoints);
    const plan = new Plan({
      dictionary,
      rules,
      openAlerts,
      pointsMax,
      previous,
      lastPoints: this.#lastPointsOf(collector),
      usualOf: baselines?.usualOf,
      second,
      isPushed: isPushedBy(collector),
    });
    plan.pause(this.#paused);
    this.#plans.set(source, plan);
    this.#windowPoints += plan.table.values.length;
    const eldest = this.#plans.keys().next();
    if (this.#plans.size > PLANS_MAX && !eldest.done) this.#forget(eldest.value);
    const reason = 'the rule was changed and does not watch this series any more';
    for (const alert of plan.orphans) {
      if (this.#isWhole || rules.find(alert.slug) !== undefined) this.incidents.close(alert, reason);
    }
    if (plan.refusedCount > 0) {
      logger.warn({ collector, series: plan.refusedCount }, 'series are not judged: all windows are in use');
    }
    return plan;
  }

  #lastPointsOf(collector: string): LastPoints | undefined {
    const { lastPoints } = this.#options;
    if (collector !== AGGREGATES || lastPoints === undefined) return lastPoints;
    return (series, count, before) => this.#aggregates?.pointsBefore(series, count, before) ?? [];
  }

  #forget(source: string): void {
    this.#windowPoints -= this.#plans.get(source)?.table.values.length ?? 0;
    this.#plans.delete(source);
  }
}

const madeOf = ({ slug, where, aggregate }: Rule): unknown => [slug, where, aggregate];

/** What the seasonal tests of rules compare with. */
function seasonsOf(rules: Iterable<Rule>): readonly Wanted[] {
  return [...rules].flatMap((rule) =>
    allTests(rule).flatMap(({ metric, condition: { func, spanSeconds } }) =>
      func === 'seasonal' ? [{ metric: metric ?? rule.metric, days: spanSeconds / 86_400 }] : [],
    ),
  );
}
