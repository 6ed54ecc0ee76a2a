/**
 * A rule set compiled against one collector's dictionary: which columns are watched, where their
 * windows are, and which rows each rule judges. A tick is then loops over indexes; no name is looked
 * at before something happens.
 *
 * Made anew when rules, the dictionary or the description of an endpoint change; windows are carried
 * over. Costs about 1 µs a series, and the name of each (1 µs more) when an alert is open anywhere.
 */
import {
  type Compiled,
  type Condition,
  compileExpression,
  type Dictionary,
  type Endpoint,
  type Frame,
  formatSeries,
  type JudgeFunction,
  judgeFunctions,
  type Points,
  type Second,
  type TimestampMs,
} from '../../../core/index.ts';
import type { Subject } from '../../events/event.ts';
import type { OpenAlert, OpenAlerts } from '../../events/open-alerts.ts';
import type { LastPoints } from '../../ports.ts';
import { allTests, type Rule } from '../../rules/rule.ts';
import type { RuleBook } from '../../rules/templates.ts';
import type { UsualOf } from './baselines.ts';
import { Deviation } from './deviation.ts';
import { Folds, isFoldable } from './folds.ts';
import { matchSeries, type Pairs } from './match.ts';
import { Window, WindowTable } from './window.ts';

/** What `quietUntil` says of a pair without an alert. */
export const WELL = 0;
const FOR_EVER = 2 ** 32 - 1;

const ABSENT = -1;

/** Windows of one condition end together: one whose newest point is older has nothing to say. */
export const STALE_SECONDS = 60;

/** When a collector was heard of last, by the server's clock, and when its connection ended if it has. */
export type LastHeard = { readonly second: number; readonly leftSecond: number | null };

/** One rule on the rows that it watches; a pair is an index into `rows` and `quietUntil`. */
export type PlanEntry = {
  readonly rule: Rule;
  readonly rows: Int32Array;
  /** Rows of the tests of a composite condition, pair after pair; null where the condition is plain. */
  readonly operands: Int32Array | null;
  readonly testCount: number;
  /** By test: the days that a `seasonal` compares with, 0 for any other; null where there is none. */
  readonly seasonDays: readonly number[] | null;
  /**
   * By pair: `WELL`, or the wall-clock second until which a condition that still holds is no news.
   * Most judgements end at this number.
   */
  readonly quietUntil: Uint32Array;
  /** A composite condition as a function; null where the condition is plain. */
  readonly verdict: Compiled | null;
  /** By pair: the few that are open. */
  readonly open: Map<number, OpenAlert>;
  /** The `open` of its bundle; null for a rule that is in none. */
  bundleOpen: Uint16Array | null;
};

/** Plain rules that look at the very same series: those that one pass over its points judges, and the others. */
export type Bundle = {
  readonly rows: Int32Array;
  readonly folds: Folds;
  /** In the order of the conditions of `folds`. */
  readonly folded: readonly PlanEntry[];
  readonly others: readonly Judge[];
  /** By pair: how many of these rules have an alert open. */
  readonly open: Uint16Array;
};

/** What the innermost loop reads of a rule. */
export type Judge = {
  readonly entry: PlanEntry;
  readonly condition: Condition;
  readonly quietUntil: Uint32Array;
  readonly triggered: JudgeFunction['triggered'];
  isPaused: boolean;
};

export type PlanSources = {
  readonly dictionary: Dictionary;
  readonly rules: RuleBook;
  readonly openAlerts: OpenAlerts;
  /** Points that all windows of this plan may hold. */
  readonly pointsMax: number;
  readonly previous?: Plan | undefined;
  readonly lastPoints?: LastPoints | undefined;
  readonly usualOf?: UsualOf | undefined;
  /** The second that is about to be judged. */
  readonly second: Second;
  /** What it is about is pushed, by nobody whose own silence would say something. */
  readonly isPushed?: boolean;
};

export class Plan {
  readonly dictionary: Dictionary;
  readonly rules: RuleBook;
  readonly table: WindowTable;
  readonly window: Window;
  /** The windows of a composite condition, in the order of its tests; `moveTo` points them at a pair. */
  readonly windows: Points[];
  /** The newest second that was appended. */
  second: number;
  readonly entries: readonly PlanEntry[];
  /** The plain ones among them. */
  readonly bundles: readonly Bundle[];
  /** Rules of `nodata`: nothing that a sample tells. */
  readonly watches: readonly PlanEntry[];
  /** Alerts of series of this dictionary whose rule watches them no more. */
  readonly orphans: readonly OpenAlert[];
  /** Series that are not judged because `pointsMax` was spent. */
  readonly refusedCount: number;
  readonly isPushed: boolean;
  readonly #columns: Int32Array;
  readonly #fresh: Uint8Array;
  readonly #revision: number;
  #heard: LastHeard;
  /** The server's second from which on a silence counts: nobody could be heard before it started. */
  listeningSinceSecond = 0;
  readonly #testWindows: readonly Window[];
  readonly #usualOf: UsualOf | undefined;

  constructor(sources: PlanSources) {
    const { dictionary, rules } = sources;
    this.dictionary = dictionary;
    this.rules = rules;
    this.isPushed = sources.isPushed === true;
    this.#revision = dictionary.revision;
    const matched = matchSeries(sources);
    this.refusedCount = matched.refusedCount;
    this.#columns = matched.columns;
    this.#fresh = new Uint8Array(matched.columns.length);
    this.table = new WindowTable(matched.shapes);
    this.window = new Window(this.table);
    this.#usualOf = sources.usualOf;
    this.second = sources.second;
    this.listeningSinceSecond = sources.previous?.listeningSinceSecond ?? 0;
    this.#heard = sources.previous?.lastHeard ?? { second: 0, leftSecond: null };
    const entries = matched.pairs.map(entryOf);
    const testsMax = Math.max(1, ...entries.map(({ testCount }) => testCount));
    this.#testWindows = Array.from({ length: testsMax }, () => new Window(this.table));
    this.windows = [...this.#testWindows];
    this.entries = entries.filter(({ rule }) => rule.condition.func !== 'nodata');
    this.bundles = bundlesOf(this.entries.filter(({ verdict }) => verdict === null));
    this.watches = entries.filter(({ rule }) => rule.condition.func === 'nodata');
    if (sources.previous !== undefined) this.#carryOver(sources.previous, sources.lastPoints !== undefined);
    if (sources.lastPoints !== undefined) this.#warmUp(sources.lastPoints, sources.second);
    if (sources.previous !== undefined) this.#carryOver(sources.previous, false);
    this.orphans = sources.openAlerts.size === 0 ? [] : this.#restoreAlerts(sources.openAlerts);
  }

  /** False when the plan has to be made anew before this dictionary's next frame. */
  fits(dictionary: Dictionary, rules: RuleBook): boolean {
    return dictionary === this.dictionary && dictionary.revision === this.#revision && rules === this.rules;
  }

  /** Of its typed arrays. */
  get bytes(): number {
    let bytes = this.table.bytes + this.#columns.byteLength + this.#fresh.byteLength;
    for (const { rows, operands, quietUntil } of this.everyEntry) {
      bytes += rows.byteLength + (operands?.byteLength ?? 0) + quietUntil.byteLength;
    }
    return bytes;
  }

  /** Rules, by slug, whose hours do not hold: their windows fill, and they are not judged. */
  pause(slugs: ReadonlySet<string>): void {
    for (const { folds, folded, others } of this.bundles) {
      for (const [index, { rule }] of folded.entries()) folds.pause(index, slugs.has(rule.slug));
      for (const judge of others) judge.isPaused = slugs.has(judge.entry.rule.slug);
    }
  }

  get everyEntry(): Iterable<PlanEntry> {
    return [...this.entries, ...this.watches];
  }

  /** A tick has come. */
  heard(second: Second, nowMs: TimestampMs): void {
    this.second = second;
    this.#heard = { second: Math.floor(nowMs / 1000), leftSecond: null };
  }

  /** The collector's connection has ended. */
  left(nowMs: TimestampMs): void {
    this.#heard = { ...this.#heard, leftSecond: Math.floor(nowMs / 1000) };
  }

  get lastHeard(): LastHeard {
    return this.#heard;
  }

  /** Second of the newest point of a row; 0 where there is none. */
  newestSecond(row: number): number {
    if ((this.table.counts[row] ?? 0) === 0) return 0;
    return this.table.seconds[this.table.newest[row] ?? 0] ?? 0;
  }

  /** Points `windows` at the series of a pair. False when none of them has a new point. */
  moveTo({ operands, rows, testCount, seasonDays }: PlanEntry, pair: number): boolean {
    let isFresh = false;
    for (let test = 0; test < testCount; test++) {
      const row = operands === null ? (rows[pair] ?? 0) : (operands[pair * testCount + test] ?? ABSENT);
      if (row !== ABSENT && this.#fresh[row] === 1) isFresh = true;
      const window = this.#testWindows[test];
      if (window === undefined) continue;
      window.moveTo(row);
      const days = seasonDays?.[test] ?? 0;
      if (days > 0) this.windows[test] = this.#deviation(window, row, days);
    }
    return isFresh;
  }

  #deviation(window: Points, row: number, days: number): Points {
    if (row === ABSENT) return window;
    const { metric } = this.dictionary.identityOf(this.#columns[row] ?? 0);
    const series = this.#nameOf(row);
    return new Deviation(window, this.#usualOf?.({ metric, days, series, second: this.second }));
  }

  windowOf(row: number): Points {
    const window = new Window(this.table);
    window.moveTo(row);
    return window;
  }

  /** The window that a test of `allTests` looks at; undefined where there is no such series. */
  operandOf({ operands, rows, testCount, seasonDays }: PlanEntry, pair: number, test: number): Points | undefined {
    const row = operands === null ? (rows[pair] ?? 0) : (operands[pair * testCount + test] ?? ABSENT);
    if (row === ABSENT) return undefined;
    const window = this.windowOf(row);
    const days = seasonDays?.[test] ?? 0;
    return days > 0 ? this.#deviation(window, row, days) : window;
  }

  /** Takes the samples of a frame; `isFresh` then tells which rows got one. Returns how many did. */
  append({ values, second }: Frame): number {
    const columns = this.#columns;
    const fresh = this.#fresh;
    let count = 0;
    for (let row = 0; row < columns.length; row++) {
      const column = columns[row] ?? 0;
      // The mark of an absent sample is a NaN, which no window takes.
      const value = column < values.length ? (values[column] ?? 0) : Number.NaN;
      const isTaken = this.table.append(row, second, value);
      fresh[row] = isTaken ? 1 : 0;
      if (isTaken) count++;
    }
    return count;
  }

  /** By row: 1 where the last frame brought a point. */
  get fresh(): Uint8Array {
    return this.#fresh;
  }

  /** The endpoint of a row was stopped or removed. */
  isGone(row: number): boolean {
    return this.endpointOf(row).state === 'gone';
  }

  endpointOf(row: number): Endpoint {
    return this.dictionary.endpointOf(this.#columns[row] ?? 0);
  }

  subjectOf(row: number): Subject {
    const column = this.#columns[row] ?? 0;
    const { tags } = this.dictionary.identityOf(column);
    return { endpoint: this.dictionary.endpointOf(column), tags, series: this.#nameOf(row) };
  }

  #nameOf(row: number): string {
    return formatSeries(this.dictionary.identityOf(this.#columns[row] ?? 0));
  }

  /**
   * Same dictionary: columns mean the same. Another one: names do. With `whole`, a window that has
   * grown is left empty: the ring has more of it than the window before.
   */
  #carryOver(previous: Plan, whole: boolean): void {
    if (!this.table.counts.includes(0)) return;
    const isSame = previous.dictionary === this.dictionary;
    const keyOf = (plan: Plan, row: number) => (isSame ? (plan.#columns[row] ?? 0) : plan.#nameOf(row));
    const before = new Map<string | number, number>();
    for (let row = 0; row < previous.#columns.length; row++) before.set(keyOf(previous, row), row);
    for (let row = 0; row < this.#columns.length; row++) {
      if ((this.table.counts[row] ?? 0) > 0) continue;
      const from = before.get(keyOf(this, row));
      if (from === undefined) continue;
      const hasGrown = (this.table.capacities[row] ?? 0) > (previous.table.capacities[from] ?? 0);
      if (!whole || !hasGrown) this.table.copyRow(row, previous.table, from);
    }
  }

  /** Fills windows that nothing was carried over to from the points that realtime still has. */
  #warmUp(lastPoints: LastPoints, before: Second): void {
    for (let row = 0; row < this.#columns.length; row++) {
      if ((this.table.counts[row] ?? 0) > 0) continue;
      const count = (this.table.capacities[row] ?? 0) + 1;
      const points = lastPoints(this.dictionary.identityOf(this.#columns[row] ?? 0), count, before);
      for (const { second, value } of points) if (second < before) this.table.append(row, second, value);
    }
  }

  #restoreAlerts(openAlerts: OpenAlerts): readonly OpenAlert[] {
    const watched = new Set<OpenAlert>();
    for (const entry of this.everyEntry) {
      for (let pair = 0; pair < entry.rows.length; pair++) {
        const alert = openAlerts.get(entry.rule.slug, this.#nameOf(entry.rows[pair] ?? 0));
        if (alert === undefined) continue;
        setOpen(entry, pair, alert);
        watched.add(alert);
      }
    }
    // A series that was refused is still watched, and its alert stays as it is.
    if (this.refusedCount > 0) return [];
    const orphans: OpenAlert[] = [];
    for (let column = 0; column < this.dictionary.series.length; column++) {
      for (const alert of openAlerts.ofSeries(formatSeries(this.dictionary.identityOf(column)))) {
        if (!watched.has(alert)) orphans.push(alert);
      }
    }
    return orphans;
  }
}

/** Notes that a pair is open, or well again, in the form that the judging loop reads. */
export function setOpen(entry: PlanEntry, pair: number, alert: OpenAlert | undefined): void {
  const change = Number(alert !== undefined) - Number(entry.open.has(pair));
  if (entry.bundleOpen !== null) entry.bundleOpen[pair] = (entry.bundleOpen[pair] ?? 0) + change;
  if (alert === undefined) {
    entry.open.delete(pair);
    entry.quietUntil[pair] = WELL;
    return;
  }
  entry.open.set(pair, alert);
  const { step, eventSecond } = alert.state;
  const { maxStep, minIntervalSeconds } = entry.rule;
  entry.quietUntil[pair] = step >= maxStep ? FOR_EVER : Math.max(WELL + 1, eventSecond + minIntervalSeconds);
}

function bundlesOf(entries: readonly PlanEntry[]): readonly Bundle[] {
  const groups: PlanEntry[][] = [];
  for (const entry of entries) {
    const same = groups.find(([first]) => first !== undefined && isSame(first.rows, entry.rows));
    if (same === undefined) groups.push([entry]);
    else same.push(entry);
  }
  return groups.map(bundleOf);
}

function bundleOf(entries: readonly PlanEntry[]): Bundle {
  const rows = entries[0]?.rows ?? new Int32Array();
  const open = new Uint16Array(rows.length);
  for (const entry of entries) entry.bundleOpen = open;
  const folded = entries.filter(({ rule }) => isFoldable(rule.condition));
  const others = entries.filter((entry) => !folded.includes(entry)).map(judgeOf);
  return { rows, folds: new Folds(folded.map(({ rule }) => rule.condition)), folded, others, open };
}

function isSame(a: Int32Array, b: Int32Array): boolean {
  return a.length === b.length && a.every((row, index) => b[index] === row);
}

function judgeOf(entry: PlanEntry): Judge {
  const { condition } = entry.rule;
  const { triggered } = judgeFunctions[condition.func];
  return { entry, condition, quietUntil: entry.quietUntil, triggered, isPaused: false };
}

function seasonDaysOf(rule: Rule): readonly number[] | null {
  const days = allTests(rule).map(({ condition }) =>
    condition.func === 'seasonal' ? condition.spanSeconds / 86_400 : 0,
  );
  return days.some((one) => one > 0) ? days : null;
}

function entryOf({ rule, rows, operands }: Pairs): PlanEntry {
  return {
    rule,
    rows,
    operands,
    testCount: allTests(rule).length,
    seasonDays: seasonDaysOf(rule),
    verdict: rule.expression === null ? null : compileExpression(rule.expression, STALE_SECONDS),
    quietUntil: new Uint32Array(rows.length),
    open: new Map(),
    bundleOpen: null,
  };
}
