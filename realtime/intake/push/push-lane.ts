import {
  absentColumn,
  Dictionary,
  type Endpoint,
  formatTags,
  RAW_DECIMALS,
  type Second,
  type Tags,
  type Tick,
} from '../../../core/index.ts';

/** A series as its sender's lane knows it; asked for again when `lane.isDropped`. */
export type PushedSeries = { readonly lane: PushLane; readonly column: number };

export type SeriesForm = { readonly metric: string; readonly tags: Tags; readonly step: number };

/** Samples of an endpoint at one second, on their way to be a frame: a column each of the lane's dictionary. */
export type Draft = { readonly second: Second; readonly kind: Tick['kind']; values: Float64Array };

const LATE_BIT = 1;

/**
 * What one sender pushes of one endpoint: the dictionary of its frames, and of which second each series was told last.
 */
export class PushLane {
  readonly dictionary: Dictionary;
  /** By column; 0 while nothing was told. */
  readonly newest: number[] = [];
  isDropped = false;
  readonly #columns = new Map<string, PushedSeries>();
  #drafts = new Map<number, Draft>();
  #lastDraft: Draft | null = null;

  /** `generation` tells its dictionary from those of the sender's other endpoints. */
  constructor(generation: number, endpoint: Endpoint) {
    this.dictionary = new Dictionary(generation);
    this.dictionary.apply({ generation, endpoints: [{ index: 0, endpoint }], firstSeries: 0, series: [] });
  }

  get width(): number {
    return this.newest.length;
  }

  find({ metric, tags }: Pick<SeriesForm, 'metric' | 'tags'>): PushedSeries | undefined {
    return this.#columns.get(`${metric}/${formatTags(tags)}`);
  }

  /** Adds a series, of which the ring's newest sample is of second `newest`. */
  add({ metric, tags, step }: SeriesForm, newest: number): PushedSeries {
    const column = this.width;
    const entry = { endpoint: 0, metric, tags, decimals: RAW_DECIMALS, step } as const;
    const { generation } = this.dictionary;
    this.dictionary.apply({ generation, endpoints: [], firstSeries: column, series: [entry] });
    this.newest.push(newest);
    const series = { lane: this, column };
    this.#columns.set(`${metric}/${formatTags(tags)}`, series);
    return series;
  }

  /** Slots of a draft that `draft` would have to make; 0 when it is there. */
  missing(second: number, kind: Tick['kind']): number {
    return this.#find(second, kind) === undefined ? this.width : 0;
  }

  put(column: number, { second, kind, value }: { second: Second; kind: Tick['kind']; value: number }): void {
    let draft = this.#find(second, kind);
    if (draft === undefined) {
      draft = { second, kind, values: absentColumn(this.width) };
      this.#drafts.set(keyOf(second, kind), draft);
    }
    if (column >= draft.values.length) draft.values = widened(draft.values, this.width);
    draft.values[column] = value;
    this.#lastDraft = draft;
    if (second > (this.newest[column] as number)) this.newest[column] = second;
  }

  /** Neighbouring samples are nearly always of one second. */
  #find(second: number, kind: Tick['kind']): Draft | undefined {
    const last = this.#lastDraft;
    if (last !== null && last.second === second && last.kind === kind) return last;
    return this.#drafts.get(keyOf(second, kind));
  }

  /** Hands out the drafts, the oldest first, and begins anew. */
  take(): Draft[] {
    const drafts = [...this.#drafts.values()].sort((a, b) => a.second - b.second);
    this.#drafts = new Map();
    this.#lastDraft = null;
    return drafts;
  }
}

const keyOf = (second: number, kind: Tick['kind']): number => 2 * second + (kind === 'late' ? LATE_BIT : 0);

/** Twice as long at least: a first request introduces its series one by one. */
function widened(values: Float64Array, length: number): Float64Array {
  const wider = absentColumn(Math.max(length, 2 * values.length));
  wider.set(values);
  return wider;
}
