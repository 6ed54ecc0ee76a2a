import { describe, expect, test } from 'vitest';
import { systemClock, type TimestampMs } from '../../../core/index.ts';
import { Slices, type Work } from './slices.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Steps that take a millisecond each by a clock that nothing else moves. */
function steps(count: number, onStep: () => void): Work<string> {
  return (function* () {
    for (let step = 0; step < count; step++) {
      onStep();
      yield;
    }
    return 'done';
  })();
}

function steppingClock() {
  let nowMs = 0;
  const clock = { ...systemClock, monotonicMs: () => nowMs, nowMs: () => nowMs as TimestampMs };
  return { clock, pass: (ms: number) => (nowMs += ms) };
}

describe('slices', () => {
  test('lets others have a turn after a few milliseconds, and the next query go first', async () => {
    const { clock, pass } = steppingClock();
    const slices = new Slices(clock);
    const order: string[] = [];
    const work = (name: string) =>
      slices.run(
        steps(5, () => {
          order.push(name);
          pass(1);
        }),
        { timeMsMax: 1000 },
      );
    const [first, second] = [work('a'), work('b')];
    for (let at = 0; at < 3; at++) {
      await turn();
      order.push('turn');
    }
    expect(order.join(' ')).toBe('a a turn b b turn a a turn');
    expect(await Promise.all([first, second])).toStrictEqual(['done', 'done']);
    expect(slices.status()).toStrictEqual({ finished: 2, cancelled: 0, timedOut: 0 });
  });

  test('ends what takes too long, says by how much, and lets the work clean up', async () => {
    const { clock, pass } = steppingClock();
    const slices = new Slices(clock);
    let isCleared = false;
    const endless = (function* (): Work<never> {
      try {
        for (;;) {
          pass(3);
          yield;
        }
      } finally {
        isCleared = true;
      }
    })();
    const error = await slices.run(endless, { timeMsMax: 10 }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'QUERY_LIMIT',
      where: 'time',
      message: expect.stringContaining('12 ms of at most 10'),
    });
    expect([isCleared, slices.status().timedOut]).toStrictEqual([true, 1]);
  });

  test('ends what nobody waits for any more', async () => {
    const { clock, pass } = steppingClock();
    const slices = new Slices(clock);
    const gone = new AbortController();
    let taken = 0;
    const running = slices.run(
      steps(100, () => {
        taken++;
        pass(1);
      }),
      { timeMsMax: 1000, signal: gone.signal },
    );
    await turn();
    gone.abort();
    await expect(running).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(taken).toBeLessThan(10);
    expect(slices.status().cancelled).toBe(1);
  });

  test('passes on what the work throws, and goes on with the rest', async () => {
    const slices = new Slices(systemClock);
    const failing = slices.run(
      (function* (): Work<never> {
        yield;
        throw new Error('no');
      })(),
      { timeMsMax: 1000 },
    );
    const next = slices.run(
      steps(3, () => {}),
      { timeMsMax: 1000 },
    );
    await expect(failing).rejects.toThrow('no');
    expect(await next).toBe('done');
  });
});
