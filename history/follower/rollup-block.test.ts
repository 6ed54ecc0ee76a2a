import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fillAbsent } from '../../core/index.ts';
import { dictionaryOf, frameOf } from '../fakes/memory-log.ts';
import { RollupBlock } from './rollup-block.ts';
import { SeriesNames } from './series-names.ts';

const MINUTE = 1_760_000_040;
const always = { from: 0, to: 2 ** 32 };
const two = [
  { endpoint: 'web', metric: 'cpu.busy' },
  { endpoint: 'web', metric: 'mem.rss.bytes' },
];

function rowsOf(block: RollupBlock) {
  const names = new SeriesNames();
  return block.rows((dictionary) => names.of(dictionary));
}

describe('a rollup block', () => {
  test('makes one row of each series and minute', () => {
    const dictionary = dictionaryOf(two);
    const block = new RollupBlock(always);
    block.add(frameOf(dictionary, MINUTE, [5, 100]));
    block.add(frameOf(dictionary, MINUTE + 59, [3, 300]));
    block.add(frameOf(dictionary, MINUTE + 60, [1, 1]));
    const rows = rowsOf(block).filter(({ series }) => series.identity.metric === 'cpu.busy');
    const first = { minute: MINUTE, min: 3, max: 5, sum: 8, count: 2, lastSecond: MINUTE + 59, last: 3 };
    expect(rows).toMatchObject([first, { minute: MINUTE + 60, count: 1, last: 1 }]);
    expect(block.rowCount).toBe(4);
    expect(block.newestSecond).toBe(MINUTE + 60);
  });

  test('leaves absent samples out, and counts those that are no number', () => {
    const values = new Float64Array([1, Number.NaN]);
    fillAbsent(values, 0, 1);
    const dictionary = dictionaryOf(two);
    const block = new RollupBlock(always);
    block.add(frameOf(dictionary, MINUTE, values));
    block.add(frameOf(dictionary, MINUTE + 1, [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]));
    expect(rowsOf(block)).toEqual([]);
    expect(block.skippedSamples).toBe(3);
  });

  test('takes the first and the last second of its window and nothing beyond', () => {
    const dictionary = dictionaryOf(two);
    const block = new RollupBlock({ from: MINUTE, to: MINUTE + 10 });
    for (const at of [MINUTE - 1, MINUTE, MINUTE + 10, MINUTE + 11]) block.add(frameOf(dictionary, at, [1, 1]));
    expect(rowsOf(block)).toMatchObject([{ count: 2 }, { count: 2 }]);
    expect(block.skippedFrames).toBe(2);
  });

  test('takes the newest second as the last, whatever order frames come in', () => {
    const dictionary = dictionaryOf(two);
    const block = new RollupBlock(always);
    block.add(frameOf(dictionary, MINUTE + 9, [9, 9]));
    block.add(frameOf(dictionary, MINUTE + 2, [2, 2]));
    expect(rowsOf(block)).toMatchObject([{ last: 9 }, { last: 9 }]);
  });

  test('grows with the dictionary and combines a series that two dictionaries name', () => {
    const block = new RollupBlock(always);
    const small = dictionaryOf(two.slice(0, 1));
    block.add(frameOf(small, MINUTE, [1]));
    small.apply({
      generation: 1,
      endpoints: [],
      firstSeries: 1,
      series: [{ endpoint: 0, metric: 'mem.rss.bytes', tags: {}, decimals: 0 }],
    });
    block.add(frameOf(small, MINUTE + 1, [2, 20]));
    block.add(frameOf(dictionaryOf([...two].reverse(), 2), MINUTE + 2, [30, 3]));
    const rows = rowsOf(block);
    expect(rows).toHaveLength(2);
    const cpu = rows.find(({ series }) => series.identity.metric === 'cpu.busy');
    expect(cpu).toMatchObject({ min: 1, max: 3, sum: 6, count: 3, last: 3 });
  });

  test('gives rows in one order, whatever was read before', () => {
    const samples = fc.array(fc.tuple(fc.integer({ min: 0, max: 300 }), fc.integer({ min: -50, max: 50 })));
    fc.assert(
      fc.property(samples, (ticks) => {
        const first = new RollupBlock(always);
        const second = new RollupBlock(always);
        const [a, b] = [dictionaryOf(two), dictionaryOf(two)];
        for (const [at, value] of ticks) first.add(frameOf(a, MINUTE + at, [value, -value]));
        // The same frames after a restart: other objects, part of them under another dictionary.
        for (const [at, value] of ticks) second.add(frameOf(at % 2 ? a : b, MINUTE + at, [value, -value]));
        const withoutLast = (block: RollupBlock) => rowsOf(block).map(({ last, ...row }) => row);
        expect(withoutLast(second)).toEqual(withoutLast(first));
      }),
    );
  });
});
