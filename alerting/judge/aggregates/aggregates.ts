/**
 * Makes one series of many: for each rule with an `aggregate`, one number a second over the endpoints
 * below its node. The result is judged as any other series is, as a tick of a collector of its own.
 *
 * A second is added up when every collector that is heard has delivered it; what is pushed is not waited for. An
 * endpoint counts when all of its operands are fresh; when none counts, or the denominator is 0, the second has no sample.
 * Neither a restart nor a change of the rules begins anew: what collectors brought before is asked of
 * realtime, and so is the past of a window that is empty.
 * Sketch: an aggregate over 40,000 containers touches 40,000 cells a second, half a millisecond.
 */
import {
  absentColumn,
  Dictionary,
  type Endpoint,
  formatSeries,
  isPushedBy,
  noTags,
  RAW_DECIMALS,
  type Second,
  type SeriesIdentity,
  second as secondOf,
  type Tick,
  type TimestampMs,
} from '../../../core/index.ts';
import type { LastPoints, SeriesPoint } from '../../ports.ts';
import type { Rule } from '../../rules/rule.ts';
import { operandsOf, valueOfAggregate } from './measure.ts';
import {
  carryOver,
  FRESH_SECONDS,
  freshValues,
  type Member,
  membersOf,
  PastMember,
  readFrame,
  readRing,
} from './members.ts';
import { sourceOf } from './source.ts';

/** The name under which aggregates are judged; no collector can have it. */
export const AGGREGATES = '\u0000aggregates';

/** Nobody waits for a collector that was not heard for longer. */
const SILENT_SECONDS = 5;

/** Beyond it, the collector or pushed endpoint whose dictionary is oldest has no part. */
const SOURCES_MAX = 50_000;

/** Points of endpoints from which the past of one aggregate is made: a thousand endpoints over eight minutes, 0.1 s. */
const PAST_POINTS_MAX = 500_000;

type Source = {
  readonly isPushed: boolean;
  readonly dictionary: Dictionary;
  readonly revision: number;
  /** By rule. */
  readonly shares: readonly (readonly Member[])[];
  second: number;
  heardSecond: number;
};

type Heard = { readonly second: Second };

export type AggregatesOptions = {
  readonly rules: readonly Rule[];
  readonly judge: (tick: Tick) => void;
  readonly lastPoints?: LastPoints | undefined;
  /** Those of the rules before. */
  readonly previous?: Aggregates | undefined;
};

export class Aggregates {
  readonly #options: AggregatesOptions;
  readonly #sources = new Map<string, Source>();
  readonly #dictionary = new Dictionary(1);
  #newest = 0;

  constructor(options: AggregatesOptions) {
    this.#options = options;
    const { rules, previous } = options;
    const endpoints = rules.map((rule, index) => ({ index, endpoint: nodeEndpoint(rule) }));
    const series = rules.map(({ metric }, endpoint) => ({ endpoint, metric, tags: {}, decimals: RAW_DECIMALS }));
    this.#dictionary.apply({ generation: 1, endpoints, firstSeries: 0, series });
    if (previous === undefined || rules.length === 0) return;
    this.#newest = previous.#newest;
    for (const [collector, { dictionary, shares, second, heardSecond }] of previous.#sources) {
      if (second > 0) this.#follow(collector, dictionary, { shares, second: secondOf(second), heardSecond });
    }
  }

  /** A collector that was heard up to a second: it has a part with what realtime has of it, and is waited for. */
  remember(collector: string, dictionary: Dictionary, newest: Second, heardSecond: number): void {
    if (this.#options.rules.length === 0 || this.#sources.has(sourceOf(collector, dictionary))) return;
    this.#follow(collector, dictionary, { shares: [], second: newest, heardSecond });
    // What a former process had is not judged again.
    this.#newest = Math.max(this.#newest, newest);
  }

  #follow(collector: string, dictionary: Dictionary, before: Pick<Source, 'shares' | 'heardSecond'> & Heard): void {
    const { lastPoints } = this.#options;
    const source = this.#sourceOf(collector, dictionary);
    source.second = before.second;
    source.heardSecond = before.heardSecond;
    const members = source.shares.flat();
    carryOver(before.shares.flat(), members);
    if (lastPoints === undefined) return;
    for (const member of members) if (member.seconds.includes(0)) readRing(member, lastPoints, before.second);
  }

  take(tick: Tick): void {
    if (this.#options.rules.length === 0) return;
    const { frame, dictionary, receivedAtMs } = tick;
    const source = this.#sourceOf(frame.collector, dictionary);
    source.second = frame.second;
    source.heardSecond = Math.floor(receivedAtMs / 1000);
    for (const members of source.shares) for (const member of members) readFrame(member, frame.values, frame.second);
    const ready = this.#readySecond(source.heardSecond);
    if (ready <= this.#newest) return;
    this.#newest = ready;
    this.#emit(ready, receivedAtMs);
  }

  /** What an aggregate would have been before a second: as many seconds as asked for, or as are cheap enough. */
  pointsBefore({ endpoint, metric }: SeriesIdentity, count: number, before: Second): readonly SeriesPoint[] {
    const { rules, lastPoints } = this.#options;
    const index = rules.findIndex((rule) => rule.metric === metric && rule.aggregate?.nodeText === endpoint);
    const aggregate = rules[index]?.aggregate;
    if (!aggregate || lastPoints === undefined) return [];
    const members = [...this.#sources.values()].flatMap(({ shares }) => shares[index] ?? []);
    const seriesCount = members.length * Math.max(1, operandsOf(aggregate).length);
    const seconds = Math.min(count, Math.floor(PAST_POINTS_MAX / Math.max(1, seriesCount)) - FRESH_SECONDS);
    if (seconds < 1) return [];
    const pointsOf = (series: SeriesIdentity) => lastPoints(series, seconds + FRESH_SECONDS, before);
    const past = members.map((member) => new PastMember(member, pointsOf));
    const points: SeriesPoint[] = [];
    for (let at = before - seconds; at < before; at++) {
      const rows = past.map((member) => member.valuesAt(at)).filter((row) => row !== undefined);
      const value = valueOfAggregate(aggregate, rows);
      if (value !== undefined) points.push({ second: secondOf(at), value });
    }
    return points;
  }

  #emit(ready: number, receivedAtMs: TimestampMs): void {
    const { rules, judge } = this.#options;
    const values = absentColumn(rules.length);
    for (const [index, { aggregate }] of rules.entries()) {
      const value = aggregate === null ? undefined : valueOfAggregate(aggregate, this.#rowsOf(index, ready));
      if (value !== undefined) values[index] = value;
    }
    const header = { collector: AGGREGATES, bootEpoch: 1, seq: ready, sentAtMs: receivedAtMs, generation: 1 };
    const frame = { ...header, second: secondOf(ready) satisfies Second, values };
    judge({ frame, dictionary: this.#dictionary, receivedAtMs, kind: 'live' });
  }

  /** The newest second that all collectors have delivered, those apart that are not heard any more. */
  #readySecond(nowSecond: number): number {
    let ready = Number.POSITIVE_INFINITY;
    let newestPushed = 0;
    for (const { isPushed, heardSecond, second } of this.#sources.values()) {
      if (isPushed) newestPushed = Math.max(newestPushed, second);
      else if (nowSecond - heardSecond <= SILENT_SECONDS) ready = Math.min(ready, second);
    }
    return ready === Number.POSITIVE_INFINITY ? newestPushed : ready;
  }

  #rowsOf(index: number, ready: number): readonly Float64Array[] {
    const rows: Float64Array[] = [];
    for (const { shares } of this.#sources.values()) {
      for (const member of shares[index] ?? []) {
        const values = freshValues(member, ready);
        if (values !== undefined) rows.push(values);
      }
    }
    return rows;
  }

  #sourceOf(collector: string, dictionary: Dictionary): Source {
    const name = sourceOf(collector, dictionary);
    const known = this.#sources.get(name);
    if (known?.dictionary === dictionary && known.revision === dictionary.revision) return known;
    const shares = membersOf(this.#options.rules, dictionary);
    for (const [index, members] of shares.entries()) carryOver(known?.shares[index] ?? [], members);
    const isPushed = isPushedBy(collector);
    const source = { isPushed, dictionary, revision: dictionary.revision, shares, second: 0, heardSecond: 0 };
    this.#sources.delete(name);
    this.#sources.set(name, source);
    const eldest = this.#sources.keys().next();
    if (this.#sources.size > SOURCES_MAX && !eldest.done) this.#sources.delete(eldest.value);
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
