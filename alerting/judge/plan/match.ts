/**
 * Finds what each rule watches in a dictionary. A pair is a rule on one series; a rule whose
 * condition looks at several metrics has further series beside it, on the same endpoint.
 */
import { type Dictionary, matchesTags, pointsNeeded } from '../../../core/index.ts';
import { allTests, type Rule } from '../../rules/rule.ts';
import type { RuleBook } from '../../rules/templates.ts';
import { matchesWhere } from '../../rules/where.ts';
import type { RowShape } from './window.ts';

export type Pairs = {
  readonly rule: Rule;
  /** By pair: the row of the rule's own series. */
  readonly rows: Int32Array;
  /** By pair and test of `allTests`: the row it looks at, -1 where there is no such series; null for a plain rule. */
  readonly operands: Int32Array | null;
};

export type Matched = {
  /** By row: its column. Ascending. */
  readonly columns: Int32Array;
  readonly shapes: readonly RowShape[];
  readonly pairs: readonly Pairs[];
  /** Series that are not judged because `pointsMax` was spent. */
  readonly refusedCount: number;
};

export type MatchSources = {
  readonly dictionary: Dictionary;
  readonly rules: RuleBook;
  /** Points that all windows may hold. */
  readonly pointsMax: number;
};

/** Columns of one rule; `beside` holds one column for each pair and test. */
type Found = { readonly columns: number[]; readonly beside: number[] | null; readonly needs: readonly Need[] };
type Need = { readonly metric: string | null; readonly points: number };

const ABSENT = -1;

export function matchSeries(sources: MatchSources): Matched {
  const matcher = new Matcher(sources);
  const { series } = sources.dictionary;
  for (let column = 0; column < series.length; column++) matcher.look(column);
  return matcher.finish();
}

class Matcher {
  readonly #sources: MatchSources;
  readonly #found = new Map<Rule, Found>();
  /** By column: points that its window needs, 0 where nobody looks at it. */
  readonly #capacities: Int32Array;
  readonly #byPlace = new Map<string, number[]>();
  #points = 0;
  #refused = 0;

  constructor(sources: MatchSources) {
    this.#sources = sources;
    this.#capacities = new Int32Array(sources.dictionary.series.length);
    const looksBeside = [...sources.rules.all].some((rule) => allTests(rule).some(({ metric }) => metric !== null));
    if (!looksBeside) return;
    for (const [column, { endpoint, metric }] of sources.dictionary.series.entries()) {
      const place = `${endpoint} ${metric}`;
      const columns = this.#byPlace.get(place) ?? [];
      if (columns.push(column) === 1) this.#byPlace.set(place, columns);
    }
  }

  look(column: number): void {
    const { dictionary, rules } = this.#sources;
    const entry = dictionary.series[column];
    const endpoint = entry && dictionary.endpoints[entry.endpoint];
    if (entry === undefined || endpoint === undefined) return;
    const own = rules.own.get(entry.metric);
    const inherited = rules.inherited(endpoint).get(entry.metric);
    if (own === undefined && inherited === undefined) return;
    let isRefused = false;
    for (const list of [own, inherited]) {
      for (const rule of list ?? []) {
        if (matchesWhere(rule.where, endpoint, entry.tags) && !this.#add(rule, column)) isRefused = true;
      }
    }
    if (isRefused) this.#refused++;
  }

  #add(rule: Rule, column: number): boolean {
    const found = this.#of(rule);
    if (!found.needs.every((need) => need.metric !== null || this.#reserve(column, need.points))) return false;
    found.columns.push(column);
    if (found.beside === null) return true;
    for (const { metric, points } of found.needs) {
      const beside = metric === null ? column : this.#beside(column, metric);
      found.beside.push(beside !== ABSENT && this.#reserve(beside, points) ? beside : ABSENT);
    }
    return true;
  }

  #of(rule: Rule): Found {
    const known = this.#found.get(rule);
    if (known !== undefined) return known;
    // A recovery that looks at nothing else finds its window where the condition has it.
    const isPlain = rule.expression === null && allTests(rule).every(({ metric }) => metric === null);
    const needs = allTests(rule).map(({ metric, condition }) => ({ metric, points: pointsNeeded(condition) }));
    const made: Found = { columns: [], beside: isPlain ? null : [], needs };
    this.#found.set(rule, made);
    return made;
  }

  #reserve(column: number, points: number): boolean {
    const more = points - (this.#capacities[column] ?? 0);
    if (more <= 0) return true;
    if (this.#points + more > this.#sources.pointsMax) return false;
    this.#points += more;
    this.#capacities[column] = points;
    return true;
  }

  /** The series of another metric on the same endpoint whose tags agree. */
  #beside(column: number, metric: string): number {
    const { series } = this.#sources.dictionary;
    const entry = series[column];
    const candidates = entry === undefined ? undefined : this.#byPlace.get(`${entry.endpoint} ${metric}`);
    return candidates?.find((other) => matchesTags(entry?.tags ?? {}, series[other]?.tags ?? {})) ?? ABSENT;
  }

  finish(): Matched {
    const columns: number[] = [];
    const shapes: RowShape[] = [];
    const rowOf = new Int32Array(this.#capacities.length).fill(ABSENT);
    for (let column = 0; column < this.#capacities.length; column++) {
      const capacity = this.#capacities[column] ?? 0;
      if (capacity === 0) continue;
      rowOf[column] = columns.length;
      columns.push(column);
      // Counters are rates by now: collectors and the door for pushes see to that.
      shapes.push({ capacity, isCounter: false });
    }
    const rowsOf = (list: readonly number[]) =>
      Int32Array.from(list, (column) => (column === ABSENT ? ABSENT : (rowOf[column] ?? ABSENT)));
    const pairs = [...this.#found].map(([rule, found]) => ({
      rule,
      rows: rowsOf(found.columns),
      operands: found.beside && rowsOf(found.beside),
    }));
    return { columns: Int32Array.from(columns), shapes, pairs, refusedCount: this.#refused };
  }
}
