/**
 * Makes one series of many: for each rule with an `aggregate`, one number a second over the endpoints
 * below its node. The result is judged as any other series is, as a tick of a collector of its own.
 *
 * A second is added up when every collector that is heard has delivered it. An endpoint counts when
 * all of its operands are fresh; when none counts, or the denominator is 0, the second has no sample.
 * Sketch: an aggregate over 40,000 containers touches 40,000 cells a second, half a millisecond.
 */
import {
  absentColumn,
  compare,
  Dictionary,
  type Endpoint,
  formatSeries,
  matchesTags,
  noTags,
  RAW_DECIMALS,
  type Second,
  second,
  type Tags,
  type Tick,
  type TimestampMs,
} from '../../core/index.ts';
import type { Measure, Rule } from '../rules/rule.ts';
import { isBelow } from '../rules/tree.ts';
import { matchesWhere } from '../rules/where.ts';

/** The name under which aggregates are judged; no collector can have it. */
export const AGGREGATES = '\u0000aggregates';

/** Nobody waits for a collector that was not heard for longer. */
const SILENT_SECONDS = 5;

/** A sample that is older is no evidence about now. */
const FRESH_SECONDS = 30;

/** Beyond it, the collector whose dictionary is oldest has no part. */
const COLLECTORS_MAX = 10_000;

type Operand = { readonly metric: string; readonly tags: Tags };

/** One endpoint's part in an aggregate: for each operand its column, the newest value, and the value's second. */
type Member = { readonly columns: Int32Array; readonly values: Float64Array; readonly seconds: Float64Array };

/** What one collector brings to one aggregate. */
type Share = { readonly members: readonly Member[] };

type Source = {
  readonly dictionary: Dictionary;
  readonly revision: number;
  readonly shares: readonly Share[];
  second: number;
  heardSecond: number;
};

export class Aggregates {
  readonly #rules: readonly Rule[];
  readonly #operands: readonly (readonly Operand[])[];
  readonly #judge: (tick: Tick) => void;
  readonly #sources = new Map<string, Source>();
  readonly #dictionary = new Dictionary(1);
  #newest = 0;

  constructor(rules: readonly Rule[], judge: (tick: Tick) => void) {
    this.#rules = rules;
    this.#judge = judge;
    this.#operands = rules.map(operandsOf);
    const endpoints = rules.map((rule, index) => ({ index, endpoint: nodeEndpoint(rule) }));
    const series = rules.map(({ metric }, endpoint) => ({ endpoint, metric, tags: {}, decimals: RAW_DECIMALS }));
    this.#dictionary.apply({ generation: 1, endpoints, firstSeries: 0, series });
  }

  take(tick: Tick): void {
    if (this.#rules.length === 0) return;
    const { frame, dictionary, receivedAtMs } = tick;
    const source = this.#sourceOf(frame.collector, dictionary);
    source.second = frame.second;
    source.heardSecond = Math.floor(receivedAtMs / 1000);
    for (const { members } of source.shares) for (const member of members) read(member, frame.values, frame.second);
    const ready = this.#readySecond(source.heardSecond);
    if (ready <= this.#newest) return;
    this.#newest = ready;
    this.#emit(ready, receivedAtMs);
  }

  #emit(ready: number, receivedAtMs: TimestampMs): void {
    const values = absentColumn(this.#rules.length);
    for (const [index, rule] of this.#rules.entries()) {
      const value = this.#valueOf(rule, index, ready);
      if (value !== undefined) values[index] = value;
    }
    const header = { collector: AGGREGATES, bootEpoch: 1, seq: ready, sentAtMs: receivedAtMs, generation: 1 };
    const frame = { ...header, second: second(ready) satisfies Second, values };
    this.#judge({ frame, dictionary: this.#dictionary, receivedAtMs, kind: 'live' });
  }

  /** The newest second that all collectors have delivered, those apart that are not heard any more. */
  #readySecond(nowSecond: number): number {
    let ready = Number.POSITIVE_INFINITY;
    for (const source of this.#sources.values()) {
      if (nowSecond - source.heardSecond <= SILENT_SECONDS) ready = Math.min(ready, source.second);
    }
    return ready;
  }

  #valueOf({ aggregate }: Rule, index: number, ready: number): number | undefined {
    if (aggregate === null) return undefined;
    const rows: Float64Array[] = [];
    for (const { shares } of this.#sources.values()) {
      for (const { seconds, values } of shares[index]?.members ?? []) {
        if (seconds.every((at) => at > 0 && ready - at <= FRESH_SECONDS)) rows.push(values);
      }
    }
    if (rows.length === 0) return undefined;
    const numerator = valueOfMeasure(aggregate.numerator, rows, 0);
    if (aggregate.denominator === null) return numerator;
    const denominator = valueOfMeasure(aggregate.denominator, rows, operandsOfMeasure(aggregate.numerator).length);
    return denominator === 0 ? undefined : numerator / denominator;
  }

  #sourceOf(collector: string, dictionary: Dictionary): Source {
    const known = this.#sources.get(collector);
    if (known?.dictionary === dictionary && known.revision === dictionary.revision) return known;
    const byEndpoint = new Map<number, number[]>();
    for (const [column, { endpoint }] of dictionary.series.entries()) {
      const columns = byEndpoint.get(endpoint) ?? [];
      if (columns.push(column) === 1) byEndpoint.set(endpoint, columns);
    }
    const shares = this.#rules.map((rule, index) => ({
      members: dictionary.endpoints.flatMap((endpoint, at) => {
        if (endpoint.state === 'gone' || !isMember(rule, endpoint)) return [];
        return memberOf(this.#operands[index] ?? [], byEndpoint.get(at) ?? [], dictionary);
      }),
    }));
    const source = { dictionary, revision: dictionary.revision, shares, second: 0, heardSecond: 0 };
    this.#sources.delete(collector);
    this.#sources.set(collector, source);
    const eldest = this.#sources.keys().next();
    if (this.#sources.size > COLLECTORS_MAX && !eldest.done) this.#sources.delete(eldest.value);
    return source;
  }
}

/** The written form of the series that an aggregate's rule judges. */
export function seriesOfAggregate(rule: Rule): string {
  return formatSeries({ endpoint: rule.aggregate?.nodeText ?? '', metric: rule.metric, tags: noTags });
}

function nodeEndpoint({ aggregate }: Rule): Endpoint {
  const name = aggregate?.nodeText ?? '';
  const labels = Object.fromEntries((aggregate?.node ?? []).map(({ key, value }) => [key, value]));
  return { name, kind: 'host', host: name, state: 'running', labels };
}

const isMember = ({ aggregate, where }: Rule, endpoint: Endpoint): boolean =>
  aggregate !== null && isBelow(endpoint, aggregate.node) && matchesWhere({ ...where, tags: noTags }, endpoint, noTags);

const operandsOf = ({ aggregate }: Rule): readonly Operand[] =>
  [aggregate?.numerator, aggregate?.denominator].flatMap((measure) => (measure ? operandsOfMeasure(measure) : []));

function operandsOfMeasure(measure: Measure): readonly Operand[] {
  if (measure.kind === 'sum') return measure.terms;
  return measure.kind === 'fold' ? [{ metric: measure.metric, tags: noTags }] : [];
}

/** An endpoint without one of the operands has no part; one that is only counted needs some series. */
function memberOf(operands: readonly Operand[], columns: readonly number[], { series }: Dictionary): readonly Member[] {
  const wanted = operands.map(({ metric, tags }) => {
    return columns.find((column) => series[column]?.metric === metric && matchesTags(series[column]?.tags ?? {}, tags));
  });
  const found = wanted.length === 0 ? columns.slice(0, 1) : wanted.filter((column) => column !== undefined);
  if (found.length === 0 || found.length < wanted.length) return [];
  return [
    {
      columns: Int32Array.from(found),
      values: new Float64Array(found.length),
      seconds: new Float64Array(found.length),
    },
  ];
}

function read({ columns, values, seconds }: Member, frame: Float64Array, at: number): void {
  for (let operand = 0; operand < columns.length; operand++) {
    const column = columns[operand] ?? 0;
    const value = column < frame.length ? (frame[column] ?? 0) : Number.NaN;
    // A NaN and an infinity differ from themselves less themselves; so does the mark of an absent sample.
    if (value - value !== 0) continue;
    values[operand] = value;
    seconds[operand] = at;
  }
}

/** `first` is where the measure's operands begin in each row. */
export function valueOfMeasure(measure: Measure, rows: readonly Float64Array[], first: number): number {
  switch (measure.kind) {
    case 'count':
      return rows.length;
    case 'constant':
      return measure.value;
    case 'sum':
      return rows.reduce((total, row) => total + termsOf(measure, row, first), 0);
    case 'fold':
      return fold(
        measure,
        rows.map((row) => row[first] ?? 0),
      );
  }
}

function termsOf(
  { terms, compare: test }: Extract<Measure, { kind: 'sum' }>,
  row: Float64Array,
  first: number,
): number {
  let total = 0;
  for (const [index, { sign }] of terms.entries()) total += sign * (row[first + index] ?? 0);
  if (test === null) return total;
  return compare(total, test.operator, test.rightValue) ? 1 : 0;
}

function fold({ fold: name, share }: Extract<Measure, { kind: 'fold' }>, values: readonly number[]): number {
  const sum = () => values.reduce((total, value) => total + value, 0);
  switch (name) {
    case 'sum':
      return sum();
    case 'avg':
      return sum() / values.length;
    case 'min':
      return values.reduce((lowest, value) => Math.min(lowest, value), Number.POSITIVE_INFINITY);
    case 'max':
      return values.reduce((highest, value) => Math.max(highest, value), Number.NEGATIVE_INFINITY);
    case 'quantile': {
      // The nearest rank: always a value that was measured.
      const sorted = Float64Array.from(values).sort();
      return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
    }
  }
}
