import { rm, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeHost } from './fake-host.ts';
import { groupText, Scene } from './scene.ts';

let scene: Scene;
beforeEach(() => {
  scene = new Scene();
});
afterEach(() => scene.end());

describe('bounds', () => {
  test('a group begins with its minimum, before any sample', async () => {
    await scene.begin(groupText('').replace('min: 1', 'min: 3'));
    const passed = await scene.passUntil(() => scene.driver.running().length === 3, 5);
    expect(passed).toBeLessThanOrEqual(2);
    await scene.pass(1);
    expect(scene.driver.running()).toEqual(['web-1-a1', 'web-2-a2', 'web-3-a3']);
    expect(scene.driver.all()[0]?.labels).toEqual({
      'saker.service': 'web',
      'saker.slot': '1',
      'saker.group': 'web',
      'saker.action': 'a1',
    });
    expect(await scene.changes()).toEqual(['add 0→3', 'add 1→3', 'add 2→3']);
    expect(scene.scaler.groups()).toMatchObject({
      error: null,
      groups: [{ name: 'web', current: 3, wanted: 3, instances: ['web.1', 'web.2', 'web.3'] }],
    });
  });

  test('an instance that vanishes is replaced, in the slot that it had', async () => {
    await scene.begin();
    await scene.pass(3);
    const [first] = scene.driver.all();
    scene.driver.vanish(first?.id ?? '');
    await scene.passUntil(() => scene.driver.running().length === 1, 8);
    expect(scene.driver.running()).toEqual(['web-1-a2']);
  });

  test('a maximum that is lowered in the file takes instances away one by one, samples or not', async () => {
    await scene.begin(groupText('').replace('min: 1', 'min: 3'));
    await scene.pass(4);
    scene.load = () => null;
    await writeFile(scene.groupsPath, groupText('').replace('max: 4', 'max: 1'));
    await waitForFile(() => scene.scaler.groups().groups[0]?.max === 1);
    await scene.passUntil(() => scene.driver.running().length === 1, 10);
    await scene.pass(5);
    expect((await scene.changes()).slice(3)).toEqual(['remove 3→1', 'remove 2→1']);
  });
});

describe('load', () => {
  test('three hot seconds add one instance, and it has to warm up before there is another', async () => {
    await scene.begin();
    await scene.pass(5);
    scene.load = () => 95;
    const passed = await scene.passUntil(() => scene.driver.running().length === 2, 6);
    expect(passed).toBe(3);
    expect(await scene.changes()).toEqual(['add 0→1', 'add 1→2']);
    const add = (await scene.decisions()).findLast(({ kind }) => kind === 'add');
    expect(add).toMatchObject({
      signal: 95,
      reason: 'cpu.busy above 80 for 3 seconds in a row, mean 95 of 1 instance',
      inputs: [{ endpoint: 'web.1', value: 95 }],
      action: 'a2',
    });
    expect(add?.inputs[0]?.ageMs).toBeLessThan(200);
  });

  test('goes up to the maximum and down to the minimum again, the least loaded first', async () => {
    await scene.begin();
    scene.load = () => 99;
    await scene.passUntil(() => scene.driver.running().length === 4, 40);
    await scene.pass(10);
    expect(scene.driver.running()).toHaveLength(4);
    scene.load = ({ labels }) => (labels['saker.slot'] === '2' ? 1 : 5);
    await scene.passUntil(() => scene.driver.running().length === 3, 30);
    expect(scene.driver.running().some((name) => name.startsWith('web-2-'))).toBe(false);
    await scene.passUntil(() => scene.driver.running().length === 1, 60);
    await scene.pass(30);
    expect(scene.driver.running()).toHaveLength(1);
    expect(scene.driver.all()).toHaveLength(1);
  });

  test('one decision a second is folded while nothing changes', async () => {
    await scene.begin();
    await scene.pass(60);
    const decisions = await scene.decisions();
    expect(decisions.length).toBeLessThan(6);
    const steady = decisions.at(-1);
    expect(steady).toMatchObject({
      kind: 'hold',
      current: 1,
      reason: 'cpu.busy mean 60 of 1 instance: from 40 to 80 nothing changes',
    });
    expect(steady?.repeats).toBeGreaterThan(45);
    expect(scene.published).toBeGreaterThan(0);
    expect(scene.published).toBeLessThan(20);
  });
});

describe('missing data', () => {
  async function three(): Promise<void> {
    await scene.begin(groupText('').replace('min: 1', 'min: 3'));
    await scene.pass(20);
    await writeFile(scene.groupsPath, groupText(''));
    await waitForFile(() => scene.scaler.groups().groups[0]?.min === 1);
  }

  test('of one instance keeps all of them, and says of which', async () => {
    await three();
    scene.load = ({ labels }) => (labels['saker.slot'] === '3' ? null : 1);
    await scene.pass(60);
    expect(scene.driver.running()).toHaveLength(3);
    const decisions = await scene.decisions();
    expect(decisions.at(-1)?.reason).toContain('nothing is removed without a fresh sample of web.3');
    expect(decisions.at(-1)?.inputs.at(-1)).toMatchObject({ endpoint: 'web.3', value: null });
    expect(decisions.at(-1)?.inputs.at(-1)?.ageMs).toBeGreaterThan(30_000);
    scene.load = () => 1;
    await scene.passUntil(() => scene.driver.running().length === 2, 20);
  });

  test('of a silent collector keeps all of them', async () => {
    scene.hosts.push(new FakeHost('h2'));
    scene.hostOf = ({ labels }) => (labels['saker.slot'] === '3' ? 1 : 0);
    await three();
    scene.reports = (host) => host === 0;
    scene.load = () => 1;
    await scene.pass(60);
    expect(scene.driver.running()).toHaveLength(3);
  });

  test('a collector that is started again is joined again', async () => {
    await scene.begin();
    await scene.pass(5);
    scene.hosts[0]?.restart();
    scene.load = () => 95;
    await scene.passUntil(() => scene.driver.running().length === 2, 6);
  });

  test('a recreated container does not inherit the samples of the one before it', async () => {
    await scene.begin();
    scene.load = () => 1;
    await scene.pass(5);
    scene.driver.vanish(scene.driver.all()[0]?.id ?? '');
    scene.load = () => null;
    await scene.passUntil(() => scene.driver.running().includes('web-1-a2'), 8);
    await scene.pass(5);
    expect((await scene.decisions()).at(-1)?.inputs).toEqual([{ endpoint: 'web.1', value: null, ageMs: null }]);
  });

  test('late frames are not judged', async () => {
    await scene.begin();
    await scene.pass(5);
    scene.load = () => null;
    const host = new FakeHost('h1');
    for (let second = 0; second < 10; second++) {
      const late = host.tick(scene.clock.nowMs(), scene.driver.all(), () => 99);
      scene.scaler.onTick({ ...late, kind: 'late' });
      await scene.pass(1);
    }
    expect(scene.driver.running()).toHaveLength(1);
    expect(await scene.changes()).toEqual(['add 0→1']);
  });
});

describe('Docker in trouble', () => {
  test('that is not configured holds every group, with the reason', async () => {
    await scene.begin(groupText(), null);
    await scene.pass(5);
    expect(scene.scaler.groups()).toMatchObject({
      error: 'no Docker engine is configured',
      groups: [
        {
          current: 0,
          lastDecision: { kind: 'hold', reason: expect.stringContaining('no Docker engine is configured') },
        },
      ],
    });
  });

  test('that does not answer removes and adds nothing, and work goes on when it is back', async () => {
    scene.driver.failNext('list', 'unavailable', 1000);
    await scene.begin();
    await scene.pass(10);
    expect(scene.driver.calls.filter(({ call }) => call !== 'list')).toEqual([]);
    expect(scene.scaler.groups().error).toContain('nobody there');
    scene.driver.heal();
    await scene.passUntil(() => scene.driver.running().length === 1, 8);
    expect(scene.scaler.groups().error).toBeNull();
  });

  test('a creation that is refused is tried again with growing waits, and leaves nothing', async () => {
    await scene.begin(groupText('').replace('image: image', 'image: missing'));
    await scene.pass(60);
    const { actions } = await scene.scaler.decisions({ limit: 100 });
    expect(actions.length).toBeGreaterThan(3);
    expect(actions.length).toBeLessThan(9);
    expect(actions[0]).toMatchObject({ state: 'failed', step: 'create', error: 'no such image: missing' });
    expect((await scene.decisions()).at(-1)?.reason).toMatch(
      /the last action failed \(no such image: missing\), next try in \d+ s/,
    );
    expect(scene.driver.all()).toEqual([]);
  });

  test('a create that took effect after it was given up is cleared away, and there is one instance', async () => {
    scene.driver.failNext('create', 'timeout', 3);
    await scene.begin();
    await scene.pass(12);
    const [lost] = (await scene.scaler.decisions({ limit: 10 })).actions.filter(({ state }) => state === 'failed');
    scene.driver.place(
      'web-9-late',
      { 'saker.service': 'web', 'saker.group': 'web', 'saker.action': lost?.id ?? '' },
      { state: 'created' },
    );
    await scene.pass(12);
    expect(scene.driver.all().map(({ name }) => name)).toEqual(scene.driver.running());
    expect(scene.driver.running()).toHaveLength(1);
  });

  test('a container that no signal ends is stuck: no capacity, not tried again, and others go on', async () => {
    await scene.begin();
    scene.load = () => 95;
    await scene.passUntil(() => scene.driver.running().length === 2, 10);
    scene.load = ({ name }) => (name === 'web-2-a2' ? 1 : 30);
    scene.driver.makeUnkillable(scene.driver.all().find(({ name }) => name === 'web-2-a2')?.id ?? '');
    await scene.passUntil(() => scene.scaler.metrics().actionsStuck === 1, 40);
    await scene.pass(2);
    expect(scene.scaler.groups().groups[0]).toMatchObject({ current: 1, instances: ['web.1'] });
    const stops = () => scene.driver.calls.filter(({ call }) => call === 'stop').length;
    expect(stops()).toBe(1);
    scene.load = () => 95;
    await scene.passUntil(() => scene.driver.running().length === 3, 15);
    expect(scene.driver.running()).toContain('web-2-a2');
    expect(scene.driver.running().some((name) => name.startsWith('web-3-'))).toBe(true);
    expect(stops()).toBe(1);
  });
});

describe('a crash', () => {
  test.each(['create', 'start', 'inspect'] as const)('during %s is resumed, and makes one container', async (call) => {
    scene.driver.failNext(call, 'hangs');
    await scene.begin();
    await scene.pass(3);
    expect(scene.scaler.metrics().actionsRunning).toBe(1);
    await scene.stop();
    await scene.start();
    await scene.passUntil(() => scene.driver.running().length === 1, 5);
    await scene.pass(10);
    expect(scene.driver.all()).toHaveLength(1);
    expect(scene.driver.calls.filter((made) => made.call === 'create').length).toBeLessThanOrEqual(2);
    expect(await scene.changes()).toEqual(['add 0→1']);
  });

  test('keeps cooldowns and stuck containers', async () => {
    await scene.begin(groupText('').replace('remove: 10s', 'remove: 60s'));
    scene.load = () => 95;
    await scene.passUntil(() => scene.driver.running().length === 2, 10);
    scene.load = () => 1;
    await scene.stop();
    await scene.start();
    await scene.pass(30);
    expect(scene.driver.running()).toHaveLength(2);
    expect((await scene.decisions()).at(-1)?.reason).toContain('cooldown.remove');
    await scene.passUntil(() => scene.driver.running().length === 1, 40);
  });
});

describe('containers that Saker did not make', () => {
  test('count, but are never removed', async () => {
    for (const slot of ['1', '2', '3'])
      scene.driver.place(`by-hand-${slot}`, { 'saker.service': 'web', 'saker.slot': slot });
    await scene.begin();
    scene.load = () => 1;
    await scene.pass(40);
    expect(scene.driver.running()).toHaveLength(3);
    expect(await scene.changes()).toEqual([]);
    expect((await scene.decisions()).at(-1)?.reason).toContain('others are only removed with "adopt: true"');
  });

  test('are removed where the group adopts them, after those that Saker made', async () => {
    scene.driver.place('by-hand', { 'saker.service': 'web', 'saker.slot': '1' });
    await scene.begin(groupText('    adopt: true'));
    scene.load = () => 95;
    await scene.passUntil(() => scene.driver.running().length === 2, 10);
    scene.load = ({ name }) => (name === 'by-hand' ? 1 : 20);
    await scene.passUntil(() => scene.driver.running().length === 1, 40);
    expect(scene.driver.running()).toEqual(['by-hand']);
  });
});

describe('the groups file', () => {
  test('that is bad is refused with its place, and the running groups stay', async () => {
    await scene.begin();
    await scene.pass(3);
    await writeFile(scene.groupsPath, groupText('').replace('max: 4', 'max: none'));
    await waitForFile(() => scene.scaler.groups().error !== null);
    expect(scene.scaler.groups().error).toContain('groups.yaml:7:10: web.max is not a whole number. Write ');
    scene.driver.vanish(scene.driver.all()[0]?.id ?? '');
    await scene.passUntil(() => scene.driver.running().length === 1, 8);
    await writeFile(scene.groupsPath, groupText(''));
    await waitForFile(() => scene.scaler.groups().error === null);
  });

  test('that goes away while groups run is a fault, not an end of the groups', async () => {
    await scene.begin();
    await rm(scene.groupsPath);
    await waitForFile(() => scene.scaler.groups().error !== null);
    expect(scene.scaler.groups().error).toContain('is gone');
    expect(scene.scaler.groups().groups).toHaveLength(1);
  });

  test('that names a group no more leaves its containers alone', async () => {
    await scene.begin();
    await scene.pass(3);
    await writeFile(scene.groupsPath, 'groups: []\n');
    await waitForFile(() => scene.scaler.groups().groups.length === 0);
    await scene.pass(5);
    expect(scene.driver.running()).toHaveLength(1);
  });
});

test('a store that fails stops changes, and nothing else', async () => {
  await scene.begin();
  await scene.pass(4);
  scene.store.failing = true;
  scene.load = () => 95;
  await scene.pass(8);
  expect(scene.driver.running()).toHaveLength(1);
  expect(scene.scaler.metrics().storeFailures).toBeGreaterThan(0);
  scene.store.failing = false;
  await scene.passUntil(() => scene.driver.running().length === 2, 20);
  expect((await scene.changes()).at(-1)).toBe('add 1→2');
});

/** The file is looked at once a virtual second, but read in real time: each second gets some of it. */
async function waitForFile(reached: () => boolean): Promise<void> {
  const endMs = performance.now() + 5000;
  while (!reached() && performance.now() < endMs) {
    await scene.clock.advance(1000);
    await delay(10);
  }
  expect(reached()).toBe(true);
}
