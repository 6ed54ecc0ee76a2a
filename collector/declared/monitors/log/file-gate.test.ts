import { expect, test } from 'vitest';
import { VirtualClock } from '../../../../core/index.ts';
import { FileGate } from './file-gate.ts';

const words = (error: Error): string => error.message;

test('a file that hangs is put aside, and the others are read on', async () => {
  const clock = new VirtualClock(0);
  const gate = new FileGate(clock);
  let release = (): void => {};
  const hanging = gate.pass('/dead/a', () => new Promise<void>((resolve) => (release = resolve)));
  const waiting = gate.pass('/well', async () => 7);
  const outcome = hanging.then(() => '', words);
  await clock.advance(2000);
  expect(await outcome).toBe('/dead/a does not answer; its file system hangs');
  expect(await waiting).toBe(7);
  expect(await gate.pass('/dead/a', async () => 1).catch(words)).toContain('hangs');
  release();
  await clock.advance(1);
  expect(await gate.pass('/dead/a', async () => 1)).toBe(1);
});

test('with two calls held, nobody is let in any more', async () => {
  const clock = new VirtualClock(0);
  const gate = new FileGate(clock);
  for (const path of ['/dead/a', '/dead/b']) {
    const outcome = gate.pass(path, () => new Promise(() => {})).catch(words);
    await clock.advance(2000);
    expect(await outcome).toContain(path);
  }
  expect(await gate.pass('/well', async () => 7).catch(words)).toBe('/dead/a does not answer; its file system hangs');
});

test('a call that fails makes room for the next one', async () => {
  const gate = new FileGate(new VirtualClock(0));
  const failing = gate.pass('/a', () => Promise.reject(new Error('no'))).catch(words);
  expect(await gate.pass('/b', async () => 2)).toBe(2);
  expect(await failing).toBe('no');
});
