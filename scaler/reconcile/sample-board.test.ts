import { expect, test } from 'vitest';
import { VirtualClock } from '../../core/index.ts';
import type { Container } from '../driver.ts';
import { FakeHost } from '../testing/fake-host.ts';
import { SampleBoard } from './sample-board.ts';

const NOW = 1_700_000_000_000;

const container = (id: string, slot = id): Container => ({
  id: `id-${id}`,
  name: id,
  image: 'image',
  labels: { 'saker.service': 'web', 'saker.slot': slot },
  state: 'running',
  createdAtMs: NOW,
});

function board(metrics = ['cpu.busy']): { board: SampleBoard; clock: VirtualClock } {
  const clock = new VirtualClock(NOW);
  const made = new SampleBoard(clock);
  made.watch(metrics);
  return { board: made, clock };
}

const sampleOf = (from: SampleBoard, id: string) => from.find(id)?.values[from.metricIndex('cpu.busy')];

test('keeps the newest sample of each container, and an absent one leaves the last with its second', () => {
  const { board: kept } = board();
  const host = new FakeHost('h');
  kept.take(host.tick(NOW, [container('1'), container('2')], ({ name }) => Number(name) * 10));
  kept.take(host.tick(NOW + 1000, [container('1'), container('2')], ({ name }) => (name === '1' ? 11 : null)));
  expect(sampleOf(kept, 'id-1')).toBe(11);
  expect(kept.find('id-1')?.seconds[0]).toBe(NOW / 1000 + 1);
  expect(sampleOf(kept, 'id-2')).toBe(20);
  expect(kept.find('id-2')?.seconds[0]).toBe(NOW / 1000);
  expect(kept.newestSecond('h')).toBe(NOW / 1000 + 1);
});

test('follows a dictionary that grows, and one that begins anew', () => {
  const { board: kept } = board();
  const host = new FakeHost('h');
  kept.take(host.tick(NOW, [container('1')], () => 1));
  const version = kept.version;
  kept.take(host.tick(NOW + 1000, [container('1'), container('2')], () => 2));
  expect(sampleOf(kept, 'id-2')).toBe(2);
  expect(kept.version).toBeGreaterThan(version);
  host.restart();
  kept.take(host.tick(NOW + 2000, [container('2'), container('1')], ({ name }) => Number(name)));
  expect([sampleOf(kept, 'id-1'), sampleOf(kept, 'id-2')]).toEqual([1, 2]);
});

test('a container that is gone is found no more, and a new one in its place has no samples yet', () => {
  const { board: kept } = board();
  const host = new FakeHost('h');
  kept.take(host.tick(NOW, [container('1')], () => 1));
  kept.take(host.tick(NOW + 1000, [], () => 1));
  expect(kept.find('id-1')).toBeNull();
  kept.take(host.tick(NOW + 2000, [container('3', '1')], () => null));
  expect(kept.find('id-3')?.endpoint.name).toBe('web.1');
  expect(kept.find('id-3')?.seconds[0]).toBe(0);
});

test('a measured NaN is taken as such, and is no number to decide on', () => {
  const { board: kept } = board();
  kept.take(new FakeHost('h').tick(NOW, [container('1')], () => Number.NaN));
  expect(sampleOf(kept, 'id-1')).toBeNaN();
});

test('metrics that no group asks for are not kept', () => {
  const { board: kept } = board(['mem.rss.bytes']);
  kept.take(new FakeHost('h').tick(NOW, [container('1')], () => 1));
  expect(kept.find('id-1')).toBeNull();
});

test('a change of the metrics begins anew with the next tick', () => {
  const { board: kept } = board(['pids.current']);
  const host = new FakeHost('h');
  kept.take(host.tick(NOW, [container('1')], () => 7));
  kept.watch(['pids.current', 'cpu.busy']);
  expect(kept.find('id-1')).toBeNull();
  kept.take(host.tick(NOW + 1000, [container('1')], () => 8));
  expect(sampleOf(kept, 'id-1')).toBe(8);
});

test('a collector that stays silent is forgotten', async () => {
  const { board: kept, clock } = board();
  kept.take(new FakeHost('h').tick(NOW, [container('1')], () => 1));
  await clock.advance(600_001);
  kept.forgetSilent();
  expect(kept.find('id-1')).toBeNull();
  expect(kept.newestSecond('h')).toBe(0);
});
