import { type Static, Type } from 'typebox';
import { type ByteWriter, Dictionary, dictionaryChunkSchema, type Frame, parserOf } from '../../core/index.ts';
import { recordTypes, writeRecord } from './record.ts';

const dictionaryRecordSchema = Type.Object(
  { collector: Type.String({ maxLength: 255 }), bootEpoch: Type.Number(), chunk: dictionaryChunkSchema },
  { additionalProperties: false },
);

export type DictionaryRecord = Static<typeof dictionaryRecordSchema>;
export const parseDictionaryRecord = parserOf(dictionaryRecordSchema, 'LOG_CORRUPT', 'dictionary record');

type Owner = Pick<Frame, 'collector' | 'bootEpoch' | 'generation'>;

export const dictionaryKey = (owner: Owner): string => `${owner.bootEpoch}/${owner.generation}/${owner.collector}`;

/** The dictionaries that a reader has met, by who sent them. */
export class Dictionaries {
  readonly #byKey = new Map<string, Dictionary>();

  get(owner: Owner): Dictionary | undefined {
    return this.#byKey.get(dictionaryKey(owner));
  }

  apply(record: DictionaryRecord): Dictionary {
    const owner = { ...record, generation: record.chunk.generation };
    const key = dictionaryKey(owner);
    const dictionary = this.#byKey.get(key) ?? new Dictionary(record.chunk.generation);
    dictionary.apply(record.chunk);
    this.#byKey.set(key, dictionary);
    return dictionary;
  }

  /** Forgets what `collector` used in runs before `bootEpoch`. */
  forgetBefore(collector: string, bootEpoch: number): void {
    for (const key of this.#byKey.keys()) {
      const [epoch = '', , ...name] = key.split('/');
      if (name.join('/') === collector && Number(epoch) < bootEpoch) this.#byKey.delete(key);
    }
  }
}

type Written = { series: number; endpoints: readonly unknown[] };

/** Remembers what of each dictionary the current segment holds already. */
export class WrittenDictionaries {
  readonly #written = new Map<string, Written>();

  /** Appends what a frame of `dictionary` needs and the segment does not have yet. */
  write(writer: ByteWriter, owner: Owner, dictionary: Dictionary): void {
    const key = dictionaryKey(owner);
    const known = this.#written.get(key) ?? { series: 0, endpoints: [] };
    // Descriptions are replaced, never changed in place, so identity tells whether one is new.
    const changed = dictionary.endpoints.some((endpoint, index) => endpoint !== known.endpoints[index]);
    if (!changed && known.series === dictionary.series.length) return;
    for (const chunk of dictionary.chunks()) {
      const isNew = chunk.endpoints.length > 0 ? changed : chunk.firstSeries + chunk.series.length > known.series;
      if (!isNew) continue;
      const record: DictionaryRecord = { collector: owner.collector, bootEpoch: owner.bootEpoch, chunk };
      writeRecord(writer, recordTypes.dictionary, (into) => into.bytes(Buffer.from(JSON.stringify(record), 'utf8')));
    }
    this.#written.set(key, { series: dictionary.series.length, endpoints: [...dictionary.endpoints] });
  }
}
