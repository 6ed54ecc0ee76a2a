import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Saker } from '../harness/saker.ts';
import { killRounds, TICKS_PER_ROUND } from '../harness/storage/kill-rounds.ts';

const ROUNDS = 50;

let saker: Saker;
beforeAll(async () => {
  saker = await Saker.start({ command: 'server' });
});
afterAll(() => saker.stop());

describe('kill -9 of the server under load', () => {
  test(`${ROUNDS} times: every acknowledged second is there afterwards, none twice`, async () => {
    const outcome = await killRounds(saker, await saker.signIn(), ROUNDS);
    expect(outcome).toMatchObject({ acknowledged: ROUNDS * TICKS_PER_ROUND, lost: 0, doubled: 0 });
    expect(outcome.readyMs).toHaveLength(ROUNDS);
    // A minute on an idle machine.
  }, 180_000);
});
