/**
 * A rule set compiled against one collector's dictionary: which columns are watched, where their
 * windows are, and which rows each rule judges. A tick is then loops over indexes; no name is looked
 * at before something happens.
 *
 * Made anew when rules, the dictionary or the description of an endpoint change; windows are carried
 * over. Costs about 1 µs a series, and the name of each (1 µs more) when an alert is open anywhere.
 */
import { type Dictionary, type Endpoint, type Frame, findMetric, formatSeries, type Second } from '../../core/index.ts';
import type { Subject } from '../events/event.ts';
import type { OpenAlert, OpenAlerts } from '../events/open-alerts.ts';
import type { LastPoints } from '../ports.ts';
import type { Rule } from '../rules/rule.ts';
import { matchesWhere } from '../rules/where.ts';
import { pointsNeeded } from './judge.ts';
import { type RowShape, Window, WindowTable } from './window.ts';

/** What `quietUntil` says of a pair without an alert. */
export const WELL = 0;
const FOR_EVER = 2 ** 32 - 1;

/** One rule on the rows that it watches; a pair is an index into `rows` and `quietUntil`. */
export type PlanEntry = {
  readonly rule: Rule;
  readonly pointsNeeded: number;
  readonly rows: Int32Array;
  /**
   * By pair: `WELL`, or the wall-clock second until which a condition that still holds is no news.
   * Most judgements end at this number.
   */
  readonly quietUntil: Uint32Array;
  /** By pair: the few that are open. */
  readonly open: Map<number, OpenAlert>;
};

export type RulesByMetric = ReadonlyMap<string, readonly Rule[]>;

export type PlanSources = {
  readonly dictionary: Dictionary;
  readonly rules: RulesByMetric;
  readonly openAlerts: OpenAlerts;
  /** Points that all windows of this plan may hold. */
  readonly pointsMax: number;
  readonly previous?: Plan | undefined;
  readonly lastPoints?: LastPoints | undefined;
  /** The second that is about to be judged. */
  readonly second: Second;
};

export class Plan {
  readonly dictionary: Dictionary;
  readonly rules: RulesByMetric;
  readonly table: WindowTable;
  readonly window: Window;
  readonly entries: readonly PlanEntry[];
  /** Alerts of series of this dictionary whose rule watches them no more. */
  readonly orphans: readonly OpenAlert[];
  /** Series that are not judged because `pointsMax` was spent. */
  readonly refusedCount: number;
  readonly #columns: Int32Array;
  readonly #fresh: Uint8Array;
  readonly #seriesCount: number;
  readonly #endpoints: readonly Endpoint[];

  constructor(sources: PlanSources) {
    const { dictionary, rules } = sources;
    this.dictionary = dictionary;
    this.rules = rules;
    this.#seriesCount = dictionary.series.length;
    this.#endpoints = [...dictionary.endpoints];
    const matched = matchSeries(sources);
    this.refusedCount = matched.refusedCount;
    this.#columns = Int32Array.from(matched.columns);
    this.#fresh = new Uint8Array(matched.columns.length);
    this.table = new WindowTable(matched.shapes);
    this.window = new Window(this.table);
    this.entries = [...matched.rowsOf].map(([rule, rows]) => entryOf(rule, rows));
    if (sources.previous !== undefined) this.#carryOver(sources.previous);
    if (sources.lastPoints !== undefined) this.#warmUp(sources.lastPoints, sources.second);
    this.orphans = sources.openAlerts.size === 0 ? [] : this.#restoreAlerts(sources.openAlerts);
  }

  /** False when the plan has to be made anew before this dictionary's next frame. */
  fits(dictionary: Dictionary, rules: RulesByMetric): boolean {
    if (dictionary !== this.dictionary || rules !== this.rules) return false;
    if (dictionary.series.length !== this.#seriesCount) return false;
    if (dictionary.endpoints.length !== this.#endpoints.length) return false;
    for (let index = 0; index < this.#endpoints.length; index++) {
      if (dictionary.endpoints[index] !== this.#endpoints[index]) return false;
    }
    return true;
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

  subjectOf(row: number): Subject {
    const column = this.#columns[row] ?? 0;
    const { tags } = this.dictionary.identityOf(column);
    return { endpoint: this.dictionary.endpointOf(column), tags, series: this.#nameOf(row) };
  }

  #nameOf(row: number): string {
    return formatSeries(this.dictionary.identityOf(this.#columns[row] ?? 0));
  }

  /** Same dictionary: columns mean the same. Another one: names do. */
  #carryOver(previous: Plan): void {
    const isSame = previous.dictionary === this.dictionary;
    const keyOf = (plan: Plan, row: number) => (isSame ? (plan.#columns[row] ?? 0) : plan.#nameOf(row));
    const before = new Map<string | number, number>();
    for (let row = 0; row < previous.#columns.length; row++) before.set(keyOf(previous, row), row);
    for (let row = 0; row < this.#columns.length; row++) {
      const from = before.get(keyOf(this, row));
      if (from !== undefined) this.table.copyRow(row, previous.table, from);
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
    for (const entry of this.entries) {
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
    for (let column = 0; column < this.#seriesCount; column++) {
      for (const alert of openAlerts.ofSeries(formatSeries(this.dictionary.identityOf(column)))) {
        if (!watched.has(alert)) orphans.push(alert);
      }
    }
    return orphans;
  }
}

/** Notes that a pair is open, or well again, in the form that the judging loop reads. */
export function setOpen(entry: PlanEntry, pair: number, alert: OpenAlert | undefined): void {
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

type Matched = {
  readonly columns: readonly number[];
  readonly shapes: readonly RowShape[];
  readonly rowsOf: ReadonlyMap<Rule, number[]>;
  readonly refusedCount: number;
};

function matchSeries({ dictionary, rules, pointsMax }: PlanSources): Matched {
  const columns: number[] = [];
  const shapes: RowShape[] = [];
  const rowsOf = new Map<Rule, number[]>();
  let points = 0;
  let refusedCount = 0;
  for (const [column, { metric, endpoint, tags }] of dictionary.series.entries()) {
    const described = dictionary.endpoints[endpoint];
    const ofMetric = rules.get(metric);
    if (ofMetric === undefined || described === undefined) continue;
    const watching = ofMetric.filter((rule) => matchesWhere(rule.where, described, tags));
    if (watching.length === 0) continue;
    const capacity = Math.max(...watching.map((rule) => pointsNeeded(rule.condition)));
    if (points + capacity > pointsMax) {
      refusedCount++;
      continue;
    }
    points += capacity;
    for (const rule of watching) rowsFor(rowsOf, rule).push(columns.length);
    columns.push(column);
    shapes.push({ capacity, isCounter: findMetric(metric)?.kind === 'COUNTER' });
  }
  return { columns, shapes, rowsOf, refusedCount };
}

function rowsFor(rowsOf: Map<Rule, number[]>, rule: Rule): number[] {
  const rows = rowsOf.get(rule) ?? [];
  rowsOf.set(rule, rows);
  return rows;
}

function entryOf(rule: Rule, rows: readonly number[]): PlanEntry {
  return {
    rule,
    pointsNeeded: pointsNeeded(rule.condition),
    rows: Int32Array.from(rows),
    quietUntil: new Uint32Array(rows.length),
    open: new Map(),
  };
}
