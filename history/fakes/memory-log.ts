import {
  Dictionary,
  type Endpoint,
  type Frame,
  RAW_DECIMALS,
  second,
  type Tags,
  timestampMs,
} from '../../core/index.ts';
import type { LogBatch, LogFrame, LogPosition, LogReader, ReadOptions } from '../ports.ts';

const FRAME_BYTES = 1000;

/** A segment log in memory, for tests: frames of 1000 bytes each, `framesPerSegment` to a segment. */
export class MemoryLog implements LogReader {
  readonly #frames: LogFrame[] = [];
  readonly #framesPerSegment: number;
  #freedSegments = 0;
  /** What the next read fails with. */
  failure: Error | null = null;

  constructor(framesPerSegment = 1000) {
    this.#framesPerSegment = framesPerSegment;
  }

  append(...frames: readonly LogFrame[]): void {
    this.#frames.push(...frames);
  }

  /** Removes the oldest segments, read or not. */
  free(segments: number): void {
    this.#freedSegments += segments;
  }

  read(from: LogPosition | null, { bytesMax, until }: ReadOptions): Promise<LogBatch> {
    if (this.failure !== null) return Promise.reject(this.failure);
    const first = Math.max(this.#indexOf(from), this.#freedSegments * this.#framesPerSegment);
    const segmentEnd = (Math.floor(first / this.#framesPerSegment) + 1) * this.#framesPerSegment;
    const end = Math.min(
      segmentEnd,
      first + Math.max(1, Math.floor(bytesMax / FRAME_BYTES)),
      until === undefined || this.#indexOf(until) < first ? Number.POSITIVE_INFINITY : this.#indexOf(until),
    );
    const frames = this.#frames.slice(first, end);
    const next = frames.length === 0 ? (from ?? this.#positionOf(first)) : this.#positionOf(first + frames.length);
    return Promise.resolve({ frames, next, bytes: frames.length * FRAME_BYTES });
  }

  pendingBytes(from: LogPosition | null): Promise<number> {
    return Promise.resolve((this.#frames.length - this.#indexOf(from)) * FRAME_BYTES);
  }

  /** The end of a full segment is written as such, not as the beginning of the next. */
  #positionOf(index: number): LogPosition {
    const segment = Math.max(0, Math.ceil(index / this.#framesPerSegment) - 1);
    return { segment: segment + 1, offset: (index - segment * this.#framesPerSegment) * FRAME_BYTES };
  }

  #indexOf(position: LogPosition | null): number {
    if (position === null) return 0;
    return (position.segment - 1) * this.#framesPerSegment + position.offset / FRAME_BYTES;
  }
}

export type FakeSeries = { readonly endpoint: string; readonly metric: string; readonly tags?: Tags };

/** The dictionary of a collector with these series. */
export function dictionaryOf(series: readonly FakeSeries[], generation = 1): Dictionary {
  const names = [...new Set(series.map(({ endpoint }) => endpoint))];
  const endpointOf = (name: string): Endpoint => ({ name, kind: 'host', host: name, state: 'running', labels: {} });
  const dictionary = new Dictionary(generation);
  dictionary.apply({
    generation,
    endpoints: names.map((name, index) => ({ index, endpoint: endpointOf(name) })),
    firstSeries: 0,
    series: series.map(({ endpoint, metric, tags = {} }) => ({
      endpoint: names.indexOf(endpoint),
      metric,
      tags,
      decimals: RAW_DECIMALS,
    })),
  });
  return dictionary;
}

/** One tick of a collector. */
export function frameOf(dictionary: Dictionary, at: number, values: ArrayLike<number>): LogFrame {
  const frame: Frame = {
    collector: 'host',
    bootEpoch: 1,
    seq: at,
    second: second(at),
    sentAtMs: timestampMs(at * 1000),
    generation: dictionary.generation,
    values: values instanceof Float64Array ? values : Float64Array.from(values),
  };
  return { frame, dictionary };
}
