/**
 * What one connection has told the server so far: which of the dictionary, and the last frame.
 *
 * Each connection begins with nothing. A frame goes out after the descriptions of its columns, as
 * a difference from the frame before it on the same connection. Frames of an older generation may
 * still wait to be sent, so each generation's progress is counted on its own.
 */
import {
  type ByteWriter,
  type Clock,
  type DictionaryChunk,
  encodeFrame,
  type Frame,
  isAppError,
  type MessageType,
  seal,
  sealJson,
} from '../../core/index.ts';
import type { DescribedFrame } from '../sampling/sampler.ts';
import type { Generation } from '../sampling/series-register.ts';

const SERIES_PER_CHUNK = 2000;
const ENDPOINTS_PER_CHUNK = 500;

/** Bytes that the chain hands out belong to the receiver. */
export type SendMessage = (message: Uint8Array) => void;

type Progress = { revision: number; seriesCount: number };

export class FrameChain {
  readonly #send: SendMessage;
  readonly #clock: Clock;
  readonly #writer: ByteWriter;
  readonly #progress = new WeakMap<Generation, Progress>();
  #last: Frame | null = null;

  constructor(send: SendMessage, clock: Clock, writer: ByteWriter) {
    this.#send = send;
    this.#clock = clock;
    this.#writer = writer;
  }

  sendJson(type: MessageType, body: object): void {
    this.#send(copyOf(sealJson(this.#writer, type, body)));
  }

  /** Sends what the server does not know of a generation. */
  sendDictionary(generation: Generation): void {
    const { dictionary } = generation;
    const progress = this.#progressOf(generation);
    if (progress.revision < generation.revision) {
      const changed = generation.endpointRevisions.flatMap((revision, index) => {
        const endpoint = revision > progress.revision ? dictionary.endpoints[index] : undefined;
        return endpoint === undefined ? [] : [{ index, endpoint }];
      });
      progress.revision = generation.revision;
      for (let from = 0; from < changed.length; from += ENDPOINTS_PER_CHUNK) {
        const endpoints = changed.slice(from, from + ENDPOINTS_PER_CHUNK);
        this.#sendChunk({ generation: dictionary.generation, endpoints, firstSeries: 0, series: [] });
      }
    }
    while (progress.seriesCount < dictionary.series.length) {
      const firstSeries = progress.seriesCount;
      const series = dictionary.series.slice(firstSeries, firstSeries + SERIES_PER_CHUNK);
      progress.seriesCount += series.length;
      this.#sendChunk({ generation: dictionary.generation, endpoints: [], firstSeries, series });
    }
  }

  /**
   * Sends a frame, after what of its dictionary is missing. It is stamped now, whenever it was
   * measured, since the stamp is for the clocks. Throws `FRAME_TOO_LARGE`; the chain goes on then
   * as if the frame had not been.
   */
  sendFrame({ frame, generation }: DescribedFrame): void {
    this.sendDictionary(generation);
    const stamped: Frame = { ...frame, sentAtMs: this.#clock.nowMs() };
    const base = this.#last?.generation === frame.generation ? this.#last : null;
    const message = seal(this.#writer, 'frame', (into) => encodeFrame(into, stamped, generation.dictionary, base));
    this.#last = stamped;
    this.#send(copyOf(message));
  }

  /** Halves a chunk that is too long for one message: labels may be of any length. */
  #sendChunk(chunk: DictionaryChunk): void {
    let message: Uint8Array;
    try {
      message = copyOf(sealJson(this.#writer, 'dictionary', chunk));
    } catch (error) {
      const parts = halvesOf(chunk);
      if (!isAppError(error, 'FRAME_TOO_LARGE') || parts === null) throw error;
      for (const part of parts) this.#sendChunk(part);
      return;
    }
    this.#send(message);
  }

  #progressOf(generation: Generation): Progress {
    const known = this.#progress.get(generation);
    if (known) return known;
    const fresh = { revision: 0, seriesCount: 0 };
    this.#progress.set(generation, fresh);
    return fresh;
  }
}

function halvesOf(chunk: DictionaryChunk): readonly DictionaryChunk[] | null {
  const { endpoints, series, firstSeries } = chunk;
  if (endpoints.length > 1) {
    const middle = Math.ceil(endpoints.length / 2);
    return [endpoints.slice(0, middle), endpoints.slice(middle)].map((part) => ({ ...chunk, endpoints: part }));
  }
  if (series.length > 1) {
    const middle = Math.ceil(series.length / 2);
    return [
      { ...chunk, series: series.slice(0, middle) },
      { ...chunk, firstSeries: firstSeries + middle, series: series.slice(middle) },
    ];
  }
  return null;
}

/** The writer is used again for the next message, and a socket may hold on to this one. */
function copyOf(message: Uint8Array): Uint8Array {
  return message.slice();
}
