import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Dictionary, second, timestampMs } from '../../core/index.ts';
import type { DescribedFrame } from '../sampling/sampler.ts';
import { ResendBuffer } from './resend-buffer.ts';

const generation = { dictionary: new Dictionary(1), endpointRevisions: [], revision: 0 };

function frameOf(seq: number, seriesCount = 1): DescribedFrame {
  const values = new Float64Array(seriesCount);
  const header = { collector: 'h', bootEpoch: 1, seq, second: second(seq), sentAtMs: timestampMs(seq), generation: 1 };
  return { frame: { ...header, values }, generation };
}

type Command =
  | { readonly kind: 'tick' }
  | { readonly kind: 'send backlog'; readonly count: number }
  | { readonly kind: 'acknowledge'; readonly pick: number }
  | { readonly kind: 'reconnect' };

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ kind: 'tick' } as const) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('send backlog' as const), count: fc.integer({ min: 1, max: 5 }) }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('acknowledge' as const), pick: fc.nat(1000) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'reconnect' } as const) },
);

/** What the other end saw and said, beside the buffer under test. */
class Wire {
  readonly buffer = new ResendBuffer();
  readonly acknowledged = new Set<number>();
  inFlight: number[] = [];
  seq = 0;

  run(step: Command): void {
    switch (step.kind) {
      case 'tick':
        this.buffer.push(frameOf(++this.seq));
        this.#send(this.buffer.newestUnsent());
        return;
      case 'send backlog':
        for (let count = 0; count < step.count; count++) this.#send(this.buffer.oldestUnsent());
        return;
      case 'acknowledge': {
        const [seq] = this.inFlight.splice(step.pick % Math.max(1, this.inFlight.length), 1);
        if (seq === undefined) return;
        this.acknowledged.add(seq);
        this.buffer.acknowledge(seq);
        return;
      }
      case 'reconnect':
        // Frames and acknowledgements on their way are lost.
        this.inFlight = [];
        this.buffer.connectionLost();
    }
  }

  #send(described: DescribedFrame | null): void {
    if (described === null) return;
    const { seq } = described.frame;
    expect(this.acknowledged.has(seq), 'an acknowledged frame is never sent again').toBe(false);
    expect(this.inFlight.includes(seq), 'a frame is sent once on a connection').toBe(false);
    this.buffer.sent(seq);
    this.inFlight.push(seq);
  }
}

describe('the resend buffer', () => {
  test('sends every frame until it is acknowledged, and none after, whatever happens in between', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 120 }), (steps) => {
        const wire = new Wire();
        for (const step of steps) wire.run(step);
        wire.run({ kind: 'reconnect' });
        wire.run({ kind: 'send backlog', count: steps.length + 1 });
        const expected = Array.from({ length: wire.seq }, (_, index) => index + 1).filter(
          (seq) => !wire.acknowledged.has(seq),
        );
        expect(wire.inFlight).toEqual(expected);
        while (wire.inFlight.length > 0) wire.run({ kind: 'acknowledge', pick: 0 });
        expect([wire.buffer.size, wire.buffer.bytes, wire.buffer.dropped]).toEqual([0, 0, 0]);
      }),
    );
  });

  test('gives the newest first and the oldest after it', () => {
    const buffer = new ResendBuffer();
    for (const seq of [1, 2, 3]) buffer.push(frameOf(seq));
    expect(buffer.newestUnsent()?.frame.seq).toBe(3);
    buffer.sent(3);
    expect(buffer.newestUnsent()).toBeNull();
    expect(buffer.oldestUnsent()?.frame.seq).toBe(1);
  });

  test('drops the oldest frames, and counts them, when there are too many', () => {
    const buffer = new ResendBuffer(null, { framesMax: 3, bytesMax: 1e9 });
    for (let seq = 1; seq <= 5; seq++) buffer.push(frameOf(seq));
    expect([buffer.size, buffer.dropped, buffer.oldestUnsent()?.frame.seq]).toEqual([3, 2, 3]);
  });

  test('drops the oldest frames when they take too many bytes', () => {
    const buffer = new ResendBuffer(null, { framesMax: 100, bytesMax: 20_000 });
    for (let seq = 1; seq <= 5; seq++) buffer.push(frameOf(seq, 1000));
    expect([buffer.size, buffer.dropped]).toEqual([2, 3]);
    expect(buffer.bytes).toBeLessThanOrEqual(20_000);
  });

  test('has each frame but the two newest written once, and counts as dropped only what nobody has', () => {
    const written: number[] = [];
    const buffer = new ResendBuffer(({ frame }) => written.push(frame.seq), { framesMax: 4, bytesMax: 1e9 });
    buffer.push(frameOf(1));
    buffer.acknowledge(1);
    for (const seq of [2, 3, 4, 5]) buffer.push(frameOf(seq));
    expect(written).toEqual([2, 3]);
    expect(buffer.oldestUnsent()?.frame.seq).toBe(2);
    buffer.refused(3);
    for (const seq of [6, 7]) buffer.push(frameOf(seq));
    // The second one is in its file alone by now, the third one nowhere.
    expect([buffer.size, buffer.dropped, written]).toEqual([4, 1, [2, 3, 4, 5]]);
    buffer.refused(2);
    expect(buffer.dropped).toBe(2);
    buffer.writeAll();
    expect(written).toEqual([2, 3, 4, 5, 6, 7]);
  });

  test('lets go of all frames that a welcome calls durable, and of no other', () => {
    const buffer = new ResendBuffer();
    for (let seq = 1; seq <= 5; seq++) buffer.push(frameOf(seq));
    buffer.acknowledge(2);
    buffer.acknowledgeThrough(3);
    expect(buffer.size).toBe(2);
    expect(buffer.oldestUnsent()?.frame.seq).toBe(4);
    buffer.acknowledge(99);
    expect(buffer.size).toBe(2);
  });
});
