/**
 * What a rule would have done: the very judge on samples of the past, with the clock of then. Nothing
 * is stored and nobody is told. Two rule sets side by side show what a change would change.
 */
import { silentLogger, type Tick, timestampMs } from '../../../core/index.ts';
import { OpenAlerts } from '../../events/open-alerts.ts';
import type { RuleSet } from '../../rules/rule.ts';
import type { Commit } from '../../store/alert-rows.ts';
import { Judging } from '../judging.ts';
import { coarsen } from './coarsen.ts';

/** Told in full; the rest is counted. */
const FIRINGS_MAX = 200;
/** In memory while the past is judged; beyond it, incidents are counted without their times. */
const OPEN_MAX = 50_000;
const DAY_SECONDS = 86_400;

export type Firing = {
  readonly series: string;
  readonly sinceMs: number;
  /** Null where it had not ended at the end of the range. */
  readonly endMs: number | null;
  readonly leftValue: number;
};

export type Outcome = {
  readonly incidents: number;
  /** PROBLEMs and OKs, each one message for each receiver, before grouping. */
  readonly messages: number;
  readonly problemsPerDay: number;
  readonly openSeconds: number;
  readonly firings: readonly Firing[];
};

export type RuleOutcome = { readonly rule: string; readonly slug: string; readonly outcome: Outcome };

export type BacktestRange = { readonly fromMs: number; readonly toMs: number };

/**
 * Judges ticks in the order of their seconds. Between them the loop gets its turns, and `sweep`
 * looks for silence once a second of the past.
 */
export class Backtest {
  #judging: Judging;
  #step = 1;
  readonly #openAlerts = new OpenAlerts();
  readonly #range: BacktestRange;
  readonly #tallies = new Map<string, Tally>();
  readonly #rules: RuleSet;
  #sweptSecond = 0;

  constructor(rules: RuleSet, range: BacktestRange) {
    this.#rules = rules;
    this.#range = range;
    this.#judging = this.#judgingOf(rules);
  }

  /** Takes the next tick, of samples `stepSeconds` apart. Alerts stay open where the step changes. */
  onTick(tick: Tick, stepSeconds: number): void {
    const { second } = tick.frame;
    if (stepSeconds !== this.#step) {
      this.#step = stepSeconds;
      this.#judging = this.#judgingOf(stepSeconds === 1 ? this.#rules : coarsen(this.#rules, stepSeconds));
    }
    // A hole in the ticks is a hole for nodata as well: it is looked at second by second.
    if (this.#sweptSecond === 0) this.#sweptSecond = second;
    for (; this.#sweptSecond < second; this.#sweptSecond++) this.#judging.sweep(timestampMs(this.#sweptSecond * 1000));
    this.#judging.onTick({ ...tick, kind: 'live', receivedAtMs: timestampMs(second * 1000) });
  }

  #judgingOf(rules: RuleSet): Judging {
    const sink = { hasRoom: true, push: (commit: Commit) => this.#take(commit) };
    const judging = new Judging({ sink, openAlerts: this.#openAlerts, logger: silentLogger });
    judging.useRules(rules, timestampMs(this.#range.fromMs));
    return judging;
  }

  outcomes(): readonly RuleOutcome[] {
    const rules = [...this.#rules.rules, ...this.#rules.templates.flatMap((template) => template.rules)];
    return rules.map(({ name, slug }) => {
      const tally = this.#tallies.get(slug) ?? new Tally();
      return { rule: name, slug, outcome: tally.outcome(this.#range) };
    });
  }

  #take({ event, slug, series }: Commit): void {
    const tally = this.#tallies.get(slug) ?? new Tally();
    this.#tallies.set(slug, tally);
    tally.take(series, event);
  }
}

type Told = {
  readonly status: 'PROBLEM' | 'OK';
  readonly eventTimeMs: number;
  readonly currentStep: number;
  readonly leftValue: number;
};

class Tally {
  #incidents = 0;
  #messages = 0;
  #problems = 0;
  #openMs = 0;
  readonly #firings: { series: string; sinceMs: number; endMs: number | null; leftValue: number }[] = [];
  readonly #open = new Map<string, { sinceMs: number; firing: number | null }>();

  take(series: string, { status, eventTimeMs, currentStep, leftValue }: Told): void {
    this.#messages++;
    if (status === 'PROBLEM') this.#problems++;
    if (status === 'PROBLEM' && currentStep === 1) {
      this.#incidents++;
      const hasRoom = this.#firings.length < FIRINGS_MAX;
      if (hasRoom) this.#firings.push({ series, sinceMs: eventTimeMs, endMs: null, leftValue });
      const firing = hasRoom ? this.#firings.length - 1 : null;
      if (this.#open.size < OPEN_MAX) this.#open.set(series, { sinceMs: eventTimeMs, firing });
    }
    const open = this.#open.get(series);
    if (status !== 'OK' || open === undefined) return;
    this.#open.delete(series);
    this.#openMs += eventTimeMs - open.sinceMs;
    const firing = open.firing === null ? undefined : this.#firings[open.firing];
    if (firing !== undefined) firing.endMs = eventTimeMs;
  }

  outcome({ fromMs, toMs }: BacktestRange): Outcome {
    const stillOpenMs = [...this.#open.values()].reduce((sum, { sinceMs }) => sum + Math.max(0, toMs - sinceMs), 0);
    const days = Math.max(1, toMs - fromMs) / 1000 / DAY_SECONDS;
    return {
      incidents: this.#incidents,
      messages: this.#messages,
      // A range of less than a day is no licence to multiply one page into fifty.
      problemsPerDay: Number((this.#problems / Math.max(1, days)).toFixed(2)),
      openSeconds: Math.round((this.#openMs + stillOpenMs) / 1000),
      firings: this.#firings,
    };
  }
}

/** More pages than this in a day, and people stop reading them. */
export const PAGES_A_DAY_MAX = 10;

/** The warning that a rule deserves, or null. */
export function warningOf({ rule, outcome }: RuleOutcome, pagesMax: number): string | null {
  if (outcome.problemsPerDay <= pagesMax) return null;
  return `"${rule}" would page ${outcome.problemsPerDay} times a day, more than ${pagesMax}: raise its number, look at more points, or write a recovery condition`;
}
