import { expect, test } from 'vitest';
import { createAlerting, migrations } from '../../alerting/index.ts';
import { silentLogger, VirtualClock } from '../../core/index.ts';
import { EngineStore } from '../state/testing/engine-store.ts';
import { masksOf } from './masks.ts';

test('a mask of a workflow is one silence, however often it is set and lifted', async () => {
  const clock = new VirtualClock(1_700_000_000_000);
  const open = (store: EngineStore) =>
    createAlerting({
      store,
      clock,
      logger: silentLogger,
      rulesFile: null,
      publicUrl: 'https://saker.example.org',
      version: 'test',
      publish: () => {},
    });
  const store = new EngineStore(migrations);
  const first = await open(store);
  const mask = { id: 'deploy-7', endpoint: 'node0/*', owner: 'deploy', reason: 'web 1.2.3' };
  const masks = masksOf(first.operations);
  await masks.set({ ...mask, endsAtMs: clock.nowMs() + 60_000 });
  await masks.set({ ...mask, endsAtMs: clock.nowMs() + 120_000 });
  await expect(masks.set({ ...mask, endsAtMs: clock.nowMs() })).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  await first.close();

  const { operations, close } = await open(store);
  expect(operations.silences()).toEqual([
    {
      id: 'mask_deploy-7',
      kind: 'mask',
      matcher: { endpoint: 'node0/*' },
      reason: 'web 1.2.3',
      owner: 'deploy',
      startsAtMs: clock.nowMs(),
      endsAtMs: clock.nowMs() + 120_000,
    },
  ]);
  const again = masksOf(operations);
  await again.lift('deploy-7');
  await again.lift('deploy-7');
  await again.lift('never-set');
  expect(operations.silences()).toEqual([]);
  await close();
});
