import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Saker } from '../harness/saker.ts';
import { killRounds } from '../harness/storage/kill-rounds.ts';

const ROUNDS = 10;

let saker: Saker;
beforeAll(async () => {
  saker = await Saker.start({ command: 'server' });
});
afterAll(() => saker.stop());

describe('kill -9 of the server under load', () => {
  test(`${ROUNDS} times: every acknowledged second is there afterwards, none twice`, async () => {
    const outcome = await killRounds(saker, await saker.signIn(), ROUNDS);
    expect(outcome).toMatchObject({ acknowledged: ROUNDS * 40, lost: 0, doubled: 0 });
    expect(outcome.readyMs).toHaveLength(ROUNDS);
  });
});
