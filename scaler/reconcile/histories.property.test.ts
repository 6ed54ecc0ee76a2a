import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { FakeFault } from '../testing/fake-driver.ts';
import { groupText, Scene } from '../testing/scene.ts';

/** Histories of faults, crashes, loads and holes in the data: 60 of up to 12 events each. */
const RUNS = 60;

const call = fc.constantFrom('list', 'findByAction', 'inspect', 'create', 'start', 'stop', 'kill', 'remove');
const fault = fc.constantFrom<FakeFault>('refused', 'unavailable', 'done-but-timeout', 'timeout', 'hangs');

const event = fc.oneof(
  fc.record({ kind: fc.constant('fault' as const), call, fault, times: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ kind: fc.constant('load' as const), load: fc.constantFrom(1, 60, 99, null) }),
  fc.record({ kind: fc.constant('crash' as const) }),
  fc.record({ kind: fc.constant('vanish' as const), index: fc.nat(3) }),
  fc.record({ kind: fc.constant('store' as const), failing: fc.boolean() }),
);

const history = fc.array(fc.record({ event, seconds: fc.integer({ min: 1, max: 8 }) }), {
  minLength: 4,
  maxLength: 12,
});

/** What must hold at every moment, whatever has happened. */
function expectSound(scene: Scene): void {
  const containers = scene.driver.all();
  const actions = containers.map(({ labels }) => labels['saker.action']);
  expect(new Set(actions).size, 'one container an action').toBe(actions.length);
  expect(scene.driver.running().length, 'never above the maximum').toBeLessThanOrEqual(4);
}

async function happen(
  scene: Scene,
  drawn: typeof event extends fc.Arbitrary<infer Event> ? Event : never,
): Promise<void> {
  switch (drawn.kind) {
    case 'fault':
      return scene.driver.failNext(drawn.call, drawn.fault, drawn.times);
    case 'load':
      scene.load = () => drawn.load;
      return;
    case 'store':
      scene.store.failing = drawn.failing;
      return;
    case 'vanish':
      return scene.driver.vanish(scene.driver.all()[drawn.index]?.id ?? '');
    case 'crash':
      await scene.stop();
      scene.store.failing = false;
      await scene.start();
  }
}

test('no history of faults and crashes makes two containers of one action, and every one ends well', async () => {
  await fc.assert(
    fc.asyncProperty(history, async (drawn) => {
      const scene = new Scene();
      try {
        await scene.begin(groupText());
        for (const { event: next, seconds } of drawn) {
          await happen(scene, next);
          for (let second = 0; second < seconds; second++) {
            await scene.pass(1);
            expectSound(scene);
          }
        }
        // Everything is well again; what hung is let go of by a restart, as a deadline would.
        scene.driver.heal();
        scene.store.failing = false;
        scene.load = () => 60;
        await scene.stop();
        await scene.start();
        await scene.pass(80);
        expectSound(scene);
        expect(scene.scaler.metrics()).toMatchObject({ actionsRunning: 0, stuckContainers: 0 });
        expect(scene.driver.running().length).toBeGreaterThanOrEqual(1);
        const { actions } = await scene.scaler.decisions({ limit: 1000 });
        expect(actions.filter(({ state }) => state === 'running')).toEqual([]);
        const known = new Set(actions.map(({ id }) => id));
        for (const { labels } of scene.driver.all()) expect(known.has(labels['saker.action'] ?? '')).toBe(true);
      } finally {
        await scene.end();
      }
    }),
    { numRuns: RUNS },
  );
}, 120_000);
