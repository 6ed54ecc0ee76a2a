import {
  type Clock,
  type InstantAnswer,
  type InstantQuery,
  QUERY_TIME_MS_DEFAULT,
  type QueryRange,
  type QueryRangeAnswer,
  type RangeQuery,
} from '../../core/index.ts';
import { checkRange, type Realtime, readRange, readSamples, type Slices, type Work } from '../../realtime/index.ts';
import { groupRows } from './group-rows.ts';
import { type HistoryQuery, type HistorySeries, readHistory } from './history-columns.ts';
import { instantAnswer } from './instant-answer.ts';
import { columnsOf, groupsText, plainAnswer, type RangeRow, rangeText, rawText, stitch } from './range-answer.ts';
import { planRange, type RangePlan } from './range-plan.ts';
import type { Turnstile } from './turnstile.ts';

export type QueryDoorOptions = {
  /** Asked when a query comes: others hold the door before there is a ring. */
  readonly realtime: () => Pick<Realtime, 'ring'>;
  readonly history: HistoryQuery;
  readonly clock: Clock;
  readonly slices: Slices;
  readonly turnstile: Turnstile;
};

const acrossDefaults = { of: 'avg', by: [] } as const;

/** A range that is being answered. */
type Asked = { readonly query: RangeQuery; readonly plan: RangePlan; readonly old: readonly HistorySeries[] };

/**
 * One door over ring and history: what the ring holds it answers, what is older comes from
 * history, and the seam lies on a bucket's edge, so that nothing is counted twice. Aborting a
 * signal ends the query.
 */
export class QueryDoor {
  readonly #options: QueryDoorOptions;

  constructor(options: QueryDoorOptions) {
    this.#options = options;
  }

  /** A `RangeAnswer`, as text. */
  range(query: RangeQuery, signal: AbortSignal): Promise<string> {
    return this.#ask(query, signal, (asked) => this.#text(asked));
  }

  /** Count, minimum, maximum and average, for those who work on. */
  buckets(query: QueryRange): Promise<QueryRangeAnswer> {
    return this.#ask(query, undefined, (asked) => this.#plain(asked));
  }

  instant(query: InstantQuery, signal: AbortSignal): Promise<InstantAnswer> {
    const { realtime, clock, turnstile } = this.#options;
    const nowSecond = Math.floor(clock.nowMs() / 1000);
    return turnstile.pass(() => this.#run(instantAnswer(realtime().ring, query, nowSecond), query, signal));
  }

  /** Under the names that they have as metrics. */
  metrics(): Readonly<Record<string, number>> {
    const { inside, waiting, refused } = this.#options.turnstile.status();
    const { finished, cancelled, timedOut } = this.#options.slices.status();
    return {
      running: inside,
      waiting,
      refusedTotal: refused,
      finishedTotal: finished,
      cancelledTotal: cancelled,
      timedOutTotal: timedOut,
    };
  }

  #ask<Result>(
    query: RangeQuery,
    signal: AbortSignal | undefined,
    work: (asked: Asked) => Work<Result>,
  ): Promise<Result> {
    const { realtime, history, turnstile } = this.#options;
    return turnstile.pass(async () => {
      const plan = planRange(query, this.#oldestSecond());
      checkRange(plan.range, { seriesRead: 1, seriesAnswered: 1 });
      const past = { ring: realtime().ring, history };
      const old = plan.old.from < plan.old.to ? await readHistory(past, query.select, plan.old, signal) : [];
      return this.#run(work({ query, plan, old }), query, signal);
    });
  }

  #run<Result>(
    work: Work<Result>,
    { timeMsMax = QUERY_TIME_MS_DEFAULT }: Pick<RangeQuery, 'timeMsMax'>,
    signal: AbortSignal | undefined,
  ): Promise<Result> {
    return this.#options.slices.run(work, { timeMsMax, signal });
  }

  #oldestSecond(): number {
    const { ring } = this.#options.realtime();
    return ring.newestSecond === 0 ? Math.floor(this.#options.clock.nowMs() / 1000) : ring.oldestSecond;
  }

  *#text({ query, plan, old }: Asked): Work<string> {
    const { ring } = this.#options.realtime();
    const { recent } = plan;
    if (query.raw === true) return yield* rawText(yield* readSamples(ring, query.select, recent.from, recent.to), plan);
    if (query.across === undefined) return yield* rangeText(yield* this.#rows({ query, plan, old }), plan);
    const across = { ...acrossDefaults, ...query.across };
    return yield* groupsText(yield* groupRows(ring, query.select, plan, { across, old }), plan);
  }

  *#plain(asked: Asked): Work<QueryRangeAnswer> {
    return plainAnswer(yield* this.#rows(asked), asked.plan);
  }

  *#rows({ query, plan, old }: Asked): Work<RangeRow[]> {
    const { ring } = this.#options.realtime();
    const { recent, values } = plan;
    const fresh = recent.from < recent.to ? yield* readRange(ring, query.select, recent, values) : [];
    const older = old.map(({ buckets, ...series }) => ({
      series,
      count: buckets.count,
      columns: columnsOf(buckets, values),
    }));
    return stitch(older, fresh, plan);
  }
}
