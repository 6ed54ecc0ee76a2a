import { describe, expect, test } from 'vitest';
import type { Container } from '../../driver.ts';
import { checkGroups } from '../../groups/check-groups.ts';
import type { Group } from '../../groups/group.ts';
import { type Input, ListInputs } from '../../testing/deciding.ts';
import { groupText } from '../../testing/scene.ts';
import { chooseVictim, freeSlot, type Instance, membersByGroup } from './instances.ts';

function groupOf(over = ''): Group {
  const check = checkGroups(groupText(over), 'groups.yaml');
  if (check.kind !== 'accepted' || check.groups[0] === undefined) throw new Error('a good fixture');
  return check.groups[0];
}

const container = (id: string, labels: Record<string, string> = {}, createdAtMs = 0): Container => ({
  id,
  name: id,
  image: 'image',
  labels: { 'saker.service': 'web', ...labels },
  state: 'running',
  createdAtMs,
});

const instance = (id: string, over: { ours?: boolean; createdAtMs?: number } = {}): Instance => ({
  container: container(id, {}, over.createdAtMs),
  endpoint: id,
  cell: null,
  ours: over.ours ?? true,
});

const load = (value: number | null): Input => ({ endpoint: 'x', value, ageMs: 100, warming: false });

describe('the instance to go', () => {
  test('is the least loaded', () => {
    const instances = [instance('a'), instance('b'), instance('c')];
    expect(chooseVictim(groupOf(), instances, new ListInputs([load(20), load(5), load(10)]))?.endpoint).toBe('b');
  });

  test('is the newest among equally loaded ones, and where no load is known', () => {
    const instances = [
      instance('a', { createdAtMs: 1 }),
      instance('b', { createdAtMs: 3 }),
      instance('c', { createdAtMs: 2 }),
    ];
    expect(chooseVictim(groupOf(), instances, new ListInputs([load(5), load(5), load(5)]))?.endpoint).toBe('b');
    expect(chooseVictim(groupOf(), instances, new ListInputs([load(null), load(null), load(null)]))?.endpoint).toBe(
      'b',
    );
  });

  test('is one with a known load before one without', () => {
    expect(
      chooseVictim(groupOf(), [instance('a'), instance('b')], new ListInputs([load(null), load(90)]))?.endpoint,
    ).toBe('b');
  });

  test('is never one that somebody else made, unless the group adopts them', () => {
    const foreign = [instance('a', { ours: false }), instance('b', { ours: false })];
    expect(chooseVictim(groupOf(), foreign, new ListInputs([load(1), load(2)]))).toBeNull();
    expect(chooseVictim(groupOf('    adopt: true'), foreign, new ListInputs([load(1), load(2)]))?.endpoint).toBe('a');
  });

  test('is one of our own first, however loaded', () => {
    const mixed = [instance('a', { ours: false }), instance('b')];
    expect(chooseVictim(groupOf('    adopt: true'), mixed, new ListInputs([load(1), load(90)]))?.endpoint).toBe('b');
  });
});

test('the free slot is the lowest that no container of the service has, stopped ones included', () => {
  const taken = (slot: string) => container(slot, { 'saker.slot': slot });
  expect(freeSlot(groupOf(), [])).toBe(1);
  expect(freeSlot(groupOf(), [taken('1'), { ...taken('2'), state: 'exited' }, taken('4')])).toBe(3);
  expect(freeSlot(groupOf(), [{ ...taken('1'), labels: { 'saker.service': 'api', 'saker.slot': '1' } }])).toBe(1);
});

test('containers belong to every group whose labels they all have', () => {
  const web = groupOf();
  const eu: Group = { ...web, name: 'eu', match: { region: 'eu', 'saker.service': 'web' } };
  const members = membersByGroup(
    [web, eu],
    [container('a'), container('b', { region: 'eu' }), container('c', { 'saker.service': 'api' })],
  );
  expect(members.get('web')?.map(({ id }) => id)).toEqual(['a', 'b']);
  expect(members.get('eu')?.map(({ id }) => id)).toEqual(['b']);
});
