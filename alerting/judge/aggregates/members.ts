/** The endpoints that have a part in an aggregate, as one collector brings them. */
import {
  type Dictionary,
  type Endpoint,
  formatSeries,
  matchesTags,
  noTags,
  type Second,
  type SeriesIdentity,
  second as secondOf,
} from '../../../core/index.ts';
import type { LastPoints, SeriesPoint } from '../../ports.ts';
import type { Rule } from '../../rules/rule.ts';
import { isBelow } from '../../rules/tree.ts';
import { matchesWhere } from '../../rules/where.ts';
import { operandsOf } from './measure.ts';

/** A sample that is older is no evidence about now; of a series with longer steps, one that is older than two of them. */
export const FRESH_SECONDS = 30;

/** One endpoint's part: for each operand its series, its column, the newest value, and the value's second. */
export type Member = {
  readonly series: readonly SeriesIdentity[];
  readonly columns: Int32Array;
  readonly freshSeconds: number;
  readonly values: Float64Array;
  readonly seconds: Float64Array;
};

/** By rule. */
export function membersOf(rules: readonly Rule[], dictionary: Dictionary): readonly (readonly Member[])[] {
  const columnsOf = new Map<number, number[]>();
  for (const [column, { endpoint }] of dictionary.series.entries()) {
    const columns = columnsOf.get(endpoint) ?? [];
    if (columns.push(column) === 1) columnsOf.set(endpoint, columns);
  }
  return rules.map((rule) =>
    dictionary.endpoints.flatMap((endpoint, at) =>
      endpoint.state !== 'gone' && isMember(rule, endpoint) ? memberOf(rule, columnsOf.get(at) ?? [], dictionary) : [],
    ),
  );
}

const isMember = ({ aggregate, where }: Rule, endpoint: Endpoint): boolean =>
  aggregate !== null && isBelow(endpoint, aggregate.node) && matchesWhere({ ...where, tags: noTags }, endpoint, noTags);

/** An endpoint without one of the operands has no part; one that is only counted needs some series. */
function memberOf({ aggregate }: Rule, columns: readonly number[], dictionary: Dictionary): readonly Member[] {
  const wanted = (aggregate === null ? [] : operandsOf(aggregate)).map(({ metric, tags }) =>
    columns.find((column) => {
      const series = dictionary.series[column];
      return series?.metric === metric && matchesTags(series.tags, tags);
    }),
  );
  const found = wanted.length === 0 ? columns.slice(0, 1) : wanted.filter((column) => column !== undefined);
  if (found.length === 0 || found.length < wanted.length) return [];
  return [
    {
      series: found.map((column) => dictionary.identityOf(column)),
      columns: Int32Array.from(found),
      freshSeconds: Math.max(FRESH_SECONDS, ...found.map((column) => 2 * (dictionary.series[column]?.step ?? 1))),
      values: new Float64Array(found.length),
      seconds: new Float64Array(found.length),
    },
  ];
}

/** Takes the member's samples of a frame. */
export function readFrame({ columns, values, seconds }: Member, frame: Float64Array, at: number): void {
  for (let operand = 0; operand < columns.length; operand++) {
    const column = columns[operand] ?? 0;
    const value = column < frame.length ? (frame[column] ?? 0) : Number.NaN;
    // A NaN and an infinity differ from themselves less themselves; so does the mark of an absent sample.
    if (value - value !== 0) continue;
    values[operand] = value;
    seconds[operand] = at;
  }
}

/** Takes what realtime has of the member's operands up to a second. */
export function readRing({ series, values, seconds }: Member, lastPoints: LastPoints, upTo: Second): void {
  for (const [operand, identity] of series.entries()) {
    const [newest] = lastPoints(identity, 1, secondOf(upTo + 1));
    if (newest === undefined) continue;
    values[operand] = newest.value;
    seconds[operand] = newest.second;
  }
}

/** Takes over what members of another dictionary, or of the same one before it grew, have read. */
export function carryOver(from: readonly Member[], to: readonly Member[]): void {
  const before = new Map(from.map((member) => [keyOf(member), member]));
  for (const member of to) {
    const known = before.get(keyOf(member));
    if (known === undefined) continue;
    member.values.set(known.values);
    member.seconds.set(known.seconds);
  }
}

const keyOf = ({ series }: Member): string => series.map(formatSeries).join(' ');

/** The values of a member that count at a second; undefined where one is missing or stale. */
export function freshValues({ values, seconds, freshSeconds }: Member, at: number): Float64Array | undefined {
  return seconds.every((newest) => newest > 0 && at - newest <= freshSeconds) ? values : undefined;
}

/** A member in the past: its points are walked through second by second. */
export class PastMember {
  readonly #points: readonly (readonly SeriesPoint[])[];
  readonly #next: number[];
  readonly #member: Member;

  constructor(member: Member, pointsOf: (series: SeriesIdentity) => readonly SeriesPoint[]) {
    const { series, values, seconds } = member;
    this.#points = series.map(pointsOf);
    this.#next = series.map(() => 0);
    this.#member = { ...member, values: new Float64Array(values.length), seconds: new Float64Array(seconds.length) };
  }

  /** Seconds must ascend. */
  valuesAt(at: number): Float64Array | undefined {
    const { values, seconds } = this.#member;
    for (const [operand, points] of this.#points.entries()) {
      for (;;) {
        const point = points[this.#next[operand] ?? 0];
        if (point === undefined || point.second > at) break;
        values[operand] = point.value;
        seconds[operand] = point.second;
        this.#next[operand] = (this.#next[operand] ?? 0) + 1;
      }
    }
    return freshValues(this.#member, at);
  }
}
