import { describe, expect, test } from 'vitest';
import { Lane } from './lane.ts';

describe('a lane', () => {
  test('says up to where all frames of a run are durable', () => {
    const lane = new Lane('h1');
    for (const seq of [1, 2, 4]) lane.markDurable({ bootEpoch: 7, seq });
    expect([lane.ackedSeq(7), lane.ackedSeq(8)]).toStrictEqual([2, 0]);
    lane.markDurable({ bootEpoch: 7, seq: 3 });
    expect(lane.ackedSeq(7)).toBe(4);
  });

  test('remembers what is durable for as long as it lives, though its first frames are long gone', () => {
    const lane = new Lane('h1');
    for (let seq = 200_001; seq <= 300_000; seq++) lane.markDurable({ bootEpoch: 7, seq });
    expect(lane.isDurable({ bootEpoch: 7, seq: 200_001 })).toBe(true);
    expect(lane.isDurable({ bootEpoch: 7, seq: 300_000 })).toBe(true);
    expect(lane.isDurable({ bootEpoch: 7, seq: 300_001 })).toBe(false);
    expect(lane.ackedSeq(7)).toBe(300_000);
  });
});
