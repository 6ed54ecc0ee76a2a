import { type Static, Type } from 'typebox';
import {
  type ByteWriter,
  Dictionary,
  decodeFrame,
  dictionaryChunkSchema,
  type Frame,
  type FrameHeader,
  isAppError,
  openJson,
  parserOf,
} from '../../../core/index.ts';
import { type LogRecord, recordTypes, writeRecord } from '../record.ts';
import { type LogFrame, PatchyDictionary } from './patchy-dictionary.ts';

const dictionaryRecordSchema = Type.Object(
  { collector: Type.String({ maxLength: 255 }), bootEpoch: Type.Number(), chunk: dictionaryChunkSchema },
  { additionalProperties: false },
);

type DictionaryRecord = Static<typeof dictionaryRecordSchema>;
const parseDictionaryRecord = parserOf(dictionaryRecordSchema, 'LOG_CORRUPT', 'dictionary record');

type Owner = Pick<Frame, 'collector' | 'bootEpoch' | 'generation'>;

const dictionaryKey = (owner: Owner): string => `${owner.bootEpoch}/${owner.generation}/${owner.collector}`;

/** What a segment has told of a dictionary: all of it, or what is left where records are damaged. */
type Told = { readonly whole: Dictionary; patchy: PatchyDictionary | null };

/** The dictionaries that a reader of a segment has met, by who sent them. */
export class Dictionaries {
  readonly #byKey = new Map<string, Told>();

  /** Takes a record of a dictionary. One that says nothing sensible is passed over; others do not suffer. */
  apply({ body }: LogRecord): void {
    passingOver(() => {
      const { collector, bootEpoch, chunk } = parseDictionaryRecord(openJson(body));
      const told = this.#of({ collector, bootEpoch, generation: chunk.generation });
      try {
        told.whole.apply(chunk);
      } catch (error) {
        // It does not follow what came before it: a record between them is damaged.
        if (!isAppError(error)) throw error;
        told.patchy ??= new PatchyDictionary(told.whole);
      }
      told.patchy?.apply(chunk);
    });
  }

  /**
   * Reads a record of a frame or a part, without the columns that nothing describes any more. Null when none is left,
   * and for records of other types.
   */
  read({ type, body }: LogRecord): LogFrame | null {
    if (type !== recordTypes.frame && type !== recordTypes.part) return null;
    return passingOver(() => {
      const whole = decodeFrame(body, (header) => this.#describing(header), null);
      const frame = type === recordTypes.part ? { ...whole, isPart: true as const } : whole;
      const told = this.#of(frame);
      if (frame.values.length <= told.whole.series.length) return { frame, dictionary: told.whole };
      return told.patchy?.knownOf(frame) ?? null;
    });
  }

  #describing(header: FrameHeader): Dictionary {
    const told = this.#of(header);
    if (header.seriesCount <= told.whole.series.length) return told.whole;
    told.patchy ??= new PatchyDictionary(told.whole);
    return told.patchy.padded(header.seriesCount);
  }

  #of(owner: Owner): Told {
    const key = dictionaryKey(owner);
    const told = this.#byKey.get(key) ?? { whole: new Dictionary(owner.generation), patchy: null };
    this.#byKey.set(key, told);
    return told;
  }
}

/** A record whose checksum fits but whose content does not costs itself. */
function passingOver<Result>(read: () => Result): Result | null {
  try {
    return read();
  } catch (error) {
    if (!isAppError(error)) throw error;
    return null;
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
