/**
 * One segment of the spool: the messages of a connection that has not happened yet, each behind its
 * length. A segment stands for itself: it begins with the dictionary of its first frame.
 *
 *     u32 length │ sealed message (core/frame/FORMAT.md), again and again
 *
 * A tail that was cut by a crash, or anything after a damaged message, is passed over: the messages
 * before it are whole, each having a checksum of its own.
 */
import {
  Dictionary,
  type DictionaryChunk,
  decodeFrame,
  type Frame,
  MESSAGE_BYTES_MAX,
  open,
  openJson,
} from '../../../core/index.ts';
import type { DescribedFrame } from '../../sampling/sampler.ts';
import type { Generation } from '../../sampling/series-register.ts';

const LENGTH_BYTES = 4;

/** A message as it lies in a segment. */
export function recordOf(message: Uint8Array): Buffer {
  const record = Buffer.allocUnsafe(LENGTH_BYTES + message.length);
  record.writeUInt32LE(message.length, 0);
  record.set(message, LENGTH_BYTES);
  return record;
}

/** Generations by their numbers, which no two runs share. What is known already is not described again. */
export type Generations = Map<number, Generation>;

/** The frames of a segment, oldest first, and how many bytes could not be read. Adds to `generations`. */
export function framesOf(
  bytes: Buffer,
  generations: Generations = new Map(),
): { readonly frames: DescribedFrame[]; readonly damagedBytes: number } {
  const reader = new SegmentReader(generations);
  let offset = 0;
  try {
    while (offset + LENGTH_BYTES <= bytes.length) {
      const length = bytes.readUInt32LE(offset);
      const end = offset + LENGTH_BYTES + length;
      if (length > MESSAGE_BYTES_MAX || end > bytes.length) break;
      reader.take(bytes.subarray(offset + LENGTH_BYTES, end));
      offset = end;
    }
  } catch {
    // A checksum that does not fit, or a message that is none: what came before holds.
  }
  return { frames: reader.frames, damagedBytes: bytes.length - offset };
}

class SegmentReader {
  readonly frames: DescribedFrame[] = [];
  readonly #generations: Generations;
  #base: Frame | null = null;

  constructor(generations: Generations) {
    this.#generations = generations;
  }

  take(message: Uint8Array): void {
    const { type, body } = open(message);
    // Written by ourselves under a checksum, so the schemas need not be loaded for it.
    if (type === 'dictionary') return this.#describe(openJson(body) as DictionaryChunk);
    if (type !== 'frame') return;
    const frame = decodeFrame(body, ({ generation }) => this.#generations.get(generation)?.dictionary, this.#base);
    this.#base = frame;
    const generation = this.#generations.get(frame.generation);
    if (generation !== undefined) this.frames.push({ frame, generation });
  }

  #describe(chunk: DictionaryChunk): void {
    let generation = this.#generations.get(chunk.generation);
    if (generation === undefined) {
      generation = { dictionary: new Dictionary(chunk.generation), endpointRevisions: [], revision: 0 };
      this.#generations.set(chunk.generation, generation);
    }
    const { dictionary, endpointRevisions } = generation;
    // A generation that goes on in the running process knows more than its beginning here.
    const endpoints = chunk.endpoints.filter(({ index }) => dictionary.endpoints[index] === undefined);
    dictionary.apply({ ...chunk, endpoints });
    for (const { index } of endpoints) endpointRevisions[index] = ++generation.revision;
  }
}
