import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parserOf } from '../../schema.ts';
import { ackSchema, eventsTakenSchema, refusalSchema, welcomeSchema } from './schemas.ts';
import { parseAck, parseEventsTaken, parseRefusal, parseWelcome } from './server-messages.ts';

const bySchema = {
  welcome: parserOf(welcomeSchema, 'FRAME_INVALID', 'welcome'),
  ack: parserOf(ackSchema, 'FRAME_INVALID', 'acknowledgement'),
  eventsTaken: parserOf(eventsTakenSchema, 'FRAME_INVALID', 'events taken'),
  refusal: parserOf(refusalSchema, 'FRAME_INVALID', 'refusal'),
};

const outcome = (parse: () => unknown): unknown => {
  try {
    return { accepted: parse() };
  } catch {
    return 'refused';
  }
};

const time = fc.oneof(fc.constantFrom(0, -1, 1.5, 2 ** 52, 2 ** 52 + 2, 1e300, null, '1'), fc.nat());
const word = fc.oneof(
  fc.string({ maxLength: 70, unit: 'grapheme' }),
  fc.constantFrom('x'.repeat(64), 'x'.repeat(1025), 7),
);
const field = fc.oneof(time, word, fc.boolean(), fc.constant(undefined));
/** Objects that are nearly right: some field missing, too much, or of another type. */
const near = fc.oneof(
  { weight: 8, arbitrary: fc.record({ ackedSeq: time, nowMs: time }, { requiredKeys: [] }) },
  { weight: 8, arbitrary: fc.record({ bootEpoch: time, seq: time, nowMs: time, echoMs: time }, { requiredKeys: [] }) },
  {
    weight: 8,
    arbitrary: fc.record({ code: word, message: word, fatal: fc.oneof(fc.boolean(), time) }, { requiredKeys: [] }),
  },
  { weight: 4, arbitrary: fc.record({ batch: time }, { requiredKeys: [] }) },
  { weight: 2, arbitrary: fc.dictionary(fc.constantFrom('ackedSeq', 'nowMs', 'seq', 'code', 'more'), field) },
  { weight: 1, arbitrary: fc.jsonValue() },
);

describe('what a server says', () => {
  test('is read by hand exactly as its schemas would have it', () => {
    fc.assert(
      fc.property(near, (value) => {
        // As it comes from the wire: JSON, so no undefined and no NaN.
        const text = JSON.stringify(value);
        const body: unknown = text === undefined ? null : JSON.parse(text);
        expect(outcome(() => parseWelcome(body))).toEqual(outcome(() => bySchema.welcome(body)));
        expect(outcome(() => parseAck(body))).toEqual(outcome(() => bySchema.ack(body)));
        expect(outcome(() => parseEventsTaken(body))).toEqual(outcome(() => bySchema.eventsTaken(body)));
        expect(outcome(() => parseRefusal(body))).toEqual(outcome(() => bySchema.refusal(body)));
      }),
      { numRuns: 2000 },
    );
  });

  test('is accepted when it is whole', () => {
    expect(parseWelcome({ ackedSeq: 3, nowMs: 5 })).toEqual({ ackedSeq: 3, nowMs: 5 });
    expect(parseRefusal({ code: 'X', message: 'y', fatal: true })).toEqual({ code: 'X', message: 'y', fatal: true });
  });

  test('names the field that is wrong', () => {
    expect(() => parseAck({ bootEpoch: 1, seq: -1, nowMs: 1, echoMs: 1 })).toThrow(
      expect.objectContaining({ code: 'FRAME_INVALID', where: '/seq' }),
    );
  });
});
