import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isAppError } from '../errors.ts';
import { absentColumn, isAbsent } from '../series/absent.ts';
import type { Second, TimestampMs } from '../time/time.ts';
import { ByteWriter } from './bytes.ts';
import { Dictionary } from './dictionary.ts';
import { open, seal } from './envelope.ts';
import type { Frame } from './frame.ts';
import { decodeFrame, encodeFrame } from './frame-codec.ts';
import { RAW_DECIMALS } from './messages/limits.ts';

type Samples = readonly (number | undefined)[];

function dictionaryOf(decimals: readonly number[]): Dictionary {
  const dictionary = new Dictionary(1);
  const endpoint = { name: 'h1', kind: 'host', host: 'h1', state: 'running', labels: {} } as const;
  const series = decimals.map((places, index) => ({
    endpoint: 0,
    metric: `m${index}`,
    tags: {},
    decimals: places as 0 | 2 | 255,
  }));
  dictionary.apply({ generation: 1, endpoints: [{ index: 0, endpoint }], firstSeries: 0, series });
  return dictionary;
}

function frameOf(seq: number, samples: Samples): Frame {
  const values = absentColumn(samples.length);
  samples.forEach((value, index) => {
    if (value !== undefined) values[index] = value;
  });
  const second = (1_700_000_000 + seq) as Second;
  return {
    collector: 'h1',
    bootEpoch: 1.7e12,
    seq,
    second,
    sentAtMs: (second * 1000) as TimestampMs,
    generation: 1,
    values,
  };
}

const samplesOf = (frame: Frame): Samples =>
  Array.from(frame.values, (value, index) => (isAbsent(frame.values, index) ? undefined : value));

function encode(frame: Frame, dictionary: Dictionary, base: Frame | null): Uint8Array {
  const writer = new ByteWriter();
  encodeFrame(writer, frame, dictionary, base);
  return writer.written().slice();
}

const value = fc.option(
  fc.oneof(
    fc.double(),
    fc.integer({ min: -10_000, max: 10_000 }).map((scaled) => scaled / 100),
    fc.integer(),
    fc.constantFrom(0, -0, Number.NaN, Number.NEGATIVE_INFINITY, 2 ** 50, 2 ** 50 + 1, 2 ** 53, 0.1 + 0.2),
  ),
  { nil: undefined },
);

describe('frame codec', () => {
  test('a chain of frames that grow gives back every sample bit for bit', () => {
    const decimals = fc.array(fc.constantFrom(0, 2, RAW_DECIMALS), { minLength: 1, maxLength: 40 });
    const chain = decimals.chain((places) =>
      fc.tuple(
        fc.constant(places),
        fc.array(fc.array(value, { maxLength: places.length }), { minLength: 1, maxLength: 6 }),
      ),
    );
    fc.assert(
      fc.property(chain, ([places, rows]) => {
        const dictionary = dictionaryOf(places);
        let [sent, received]: (Frame | null)[] = [null, null];
        rows.forEach((samples, index) => {
          const frame = frameOf(index + 1, samples);
          const decoded = decodeFrame(encode(frame, dictionary, sent ?? null), () => dictionary, received ?? null);
          expect(samplesOf(decoded)).toStrictEqual(samplesOf(frame));
          [sent, received] = [frame, decoded];
        });
      }),
      { numRuns: 300 },
    );
  });

  test('writes the worked example of FORMAT.md', () => {
    const dictionary = dictionaryOf([2, 0, 0]);
    const first = frameOf(1, [12.5, 7, undefined]);
    const next = frameOf(2, [12.51, 7, 3]);
    expect(Buffer.from(encode(first, dictionary, null)).toString('hex')).toBe(
      '02683100008056febc78420181e2cfaa060080be56febc7842010003' + '03' + 'c61310',
    );
    expect(Buffer.from(encode(next, dictionary, first)).toString('hex')).toBe(
      '02683100008056febc78420282e2cfaa060000fd56febc7842010103' + '05' + '0408',
    );
  });

  test('refuses a frame that builds on another than the one before it', () => {
    const dictionary = dictionaryOf([0]);
    const body = encode(frameOf(3, [5]), dictionary, frameOf(2, [4]));
    expect(() => decodeFrame(body, () => dictionary, frameOf(1, [4]))).toThrow(/builds on frame 2/);
    expect(() => decodeFrame(body, () => dictionary, null)).toThrow(/builds on frame 2/);
  });

  test('refuses columns that no dictionary describes', () => {
    const body = encode(frameOf(1, [1, 2]), dictionaryOf([0, 0]), null);
    expect(() => decodeFrame(body, () => dictionaryOf([0]), null)).toThrow(/no dictionary describes/);
  });

  test('throws FRAME_INVALID and nothing else on cut or altered bodies', () => {
    const dictionary = dictionaryOf([2, 0, RAW_DECIMALS]);
    const body = encode(frameOf(1, [12.5, 7, 0.1]), dictionary, null);
    fc.assert(
      fc.property(
        fc.nat(body.length - 1),
        fc.integer({ min: 0, max: 255 }),
        fc.nat(body.length),
        (at, byte, length) => {
          const altered = body.slice(0, length);
          if (at < length) altered[at] = byte;
          try {
            decodeFrame(altered, () => dictionary, null);
          } catch (error) {
            expect(isAppError(error, 'FRAME_INVALID')).toBe(true);
          }
        },
      ),
    );
  });
});

describe('envelope', () => {
  test('finds every single flipped bit', () => {
    const message = seal(new ByteWriter(), 'frame', (writer) => writer.bytes(Buffer.from('saker')));
    expect(open(message).type).toBe('frame');
    for (let bit = 0; bit < message.length * 8; bit++) {
      const altered = message.slice();
      altered[bit >> 3] = (altered[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(() => open(altered)).toThrow();
    }
  });

  test('refuses a message above a mebibyte on both sides', () => {
    expect(() => seal(new ByteWriter(), 'frame', (writer) => writer.zeros(1024 * 1024))).toThrow(/1048584 bytes/);
    expect(() => open(new Uint8Array(1024 * 1024 + 1))).toThrow(/1048577 bytes/);
  });
});
