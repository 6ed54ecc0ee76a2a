import { describe, expect, test } from 'vitest';
import { Turnstile } from './turnstile.ts';

describe('turnstile', () => {
  test('lets two in, two wait, and turns the fifth away', async () => {
    const turnstile = new Turnstile({ insideMax: 2, waitingMax: 2 });
    const releases: (() => void)[] = [];
    const enter = () => turnstile.pass(() => new Promise<void>((resolve) => releases.push(resolve)));
    const passing = [enter(), enter(), enter(), enter()];
    await expect(enter()).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' });
    expect(releases).toHaveLength(2);
    expect(turnstile.status()).toStrictEqual({ inside: 2, waiting: 2, refused: 1 });
    for (let one = 0; one < 4; one++) {
      releases.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(passing);
  });

  test('lets the next one in when one fails', async () => {
    const turnstile = new Turnstile({ insideMax: 1, waitingMax: 1 });
    const failing = turnstile.pass(() => Promise.reject(new Error('no')));
    const next = turnstile.pass(async () => 'yes');
    await expect(failing).rejects.toThrow('no');
    expect(await next).toBe('yes');
  });
});
