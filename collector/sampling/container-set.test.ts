import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Endpoint, silentLogger, VirtualClock } from '../../core/index.ts';
import { ProbeShared } from '../probes/probe.ts';
import { ContainerSet } from './container-set.ts';
import type { ContainerDescription } from './identity.ts';
import { SeriesRegister } from './series-register.ts';

let root: string;
let register: SeriesRegister;
let set: ContainerSet;
let warnings: object[];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'saker-collector-'));
  register = new SeriesRegister();
  warnings = [];
  const shared = new ProbeShared(new VirtualClock(0), join(root, 'proc'), register);
  const logger = { ...silentLogger, warn: (fields: object) => void warnings.push(fields) };
  set = new ContainerSet({ host: 'h', cgroupRoot: join(root, 'cg'), shared, logger });
});

afterEach(() => {
  set.close();
  rmSync(root, { recursive: true });
});

/** A running container whose tasks are accounted for on version 2. */
function container(id: string, changes: Partial<ContainerDescription> = {}): ContainerDescription {
  const pid = changes.pid ?? 100 + id.length;
  for (const [path, text] of [
    [`proc/${pid}/cgroup`, `0::/docker/${id}\n`],
    [`cg/docker/${id}/cgroup.procs`, `${pid}\n`],
    [`cg/docker/${id}/pids.current`, '1\n'],
  ] as const) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return {
    id,
    name: id,
    image: 'i',
    labels: {},
    startedAtMs: 1,
    hostNetwork: false,
    restarts: 0,
    health: 'none',
    layerFolder: null,
    pid,
    ...changes,
  };
}

const slot = (number: string): Record<string, string> => ({ 'saker.service': 'web', 'saker.slot': number });

function described(name: string): Endpoint | undefined {
  return register.generation.dictionary.endpoints.find((endpoint) => endpoint.name === name);
}

function tick(): number {
  set.reap();
  register.beginFrame();
  for (const probe of set.probes()) probe.sample();
  return register.endFrame().filter((value) => !Number.isNaN(value)).length;
}

describe('the set of containers', () => {
  test('describes a container that runs and one that ended', () => {
    set.running(container('aaa'));
    expect(described('h/aaa')).toMatchObject({ state: 'running', container: { id: 'aaa', image: 'i' } });
    expect(tick()).toBeGreaterThan(0);
    set.ended('aaa');
    expect(described('h/aaa')?.state).toBe('gone');
    expect(tick()).toBe(0);
    expect(set.size).toBe(0);
  });

  test('lets a recreated container continue the line of the old one', () => {
    set.running(container('aaa', { labels: slot('1'), pid: 11 }));
    tick();
    const seriesCount = register.seriesCount;
    set.ended('aaa');
    set.running(container('bbb', { labels: slot('1'), pid: 12 }));
    tick();
    expect(register.generation.dictionary.endpoints).toHaveLength(1);
    expect(register.seriesCount).toBe(seriesCount);
    expect(described('web.1')).toMatchObject({ state: 'running', container: { id: 'bbb' } });
  });

  test('refuses a second living container of the same identity, and says so', () => {
    set.running(container('aaa', { labels: slot('1'), pid: 11 }));
    set.running(container('bbb', { labels: slot('1'), pid: 12 }));
    expect(described('web.1')?.container?.id).toBe('aaa');
    expect([set.size, set.refused]).toEqual([1, 1]);
    expect(warnings).toMatchObject([{ code: 'IDENTITY_TAKEN', container: 'bbb', holder: 'container aaa' }]);
  });

  test('gives the identity to the one that waited when the first ends', () => {
    set.running(container('aaa', { labels: slot('1'), pid: 11 }));
    set.running(container('bbb', { labels: slot('1'), pid: 12 }));
    set.ended('aaa');
    expect(described('web.1')).toMatchObject({ state: 'running', container: { id: 'bbb' } });
  });

  test('does not give an identity to one that ended while it waited', () => {
    set.running(container('aaa', { labels: slot('1'), pid: 11 }));
    set.running(container('bbb', { labels: slot('1'), pid: 12 }));
    set.ended('bbb');
    set.ended('aaa');
    expect(described('web.1')?.state).toBe('gone');
  });

  test('refuses a container that claims to be the host', () => {
    const host = new ContainerSet({
      host: 'web.1',
      cgroupRoot: join(root, 'cg'),
      shared: new ProbeShared(new VirtualClock(0), join(root, 'proc'), register),
      logger: silentLogger,
    });
    host.running(container('aaa', { labels: slot('1') }));
    expect([host.size, host.refused]).toEqual([0, 1]);
    host.close();
  });

  test('goes on with a container that was restarted, in its new cgroup', () => {
    set.running(container('aaa', { pid: 11 }));
    tick();
    set.running(container('aaa', { pid: 12, startedAtMs: 2 }));
    expect(set.size).toBe(1);
    expect(described('h/aaa')).toMatchObject({ state: 'running', container: { startedAtMs: 2 } });
    expect(tick()).toBe(1);
  });

  test('takes a new name of a container as another endpoint', () => {
    set.running(container('aaa', { pid: 11, name: 'old' }));
    set.running(container('aaa', { pid: 11, name: 'new' }));
    expect([described('h/old')?.state, described('h/new')?.state]).toEqual(['gone', 'running']);
  });

  test('ends what a fresh list no longer shows', () => {
    set.running(container('aaa', { pid: 11 }));
    set.running(container('bbb', { pid: 12 }));
    set.endAllBut(new Set(['bbb', 'ccc']));
    expect([described('h/aaa')?.state, described('h/bbb')?.state]).toEqual(['gone', 'running']);
  });

  test('ends a container whose accounting vanished, without a word from Docker', () => {
    set.running(container('aaa'));
    tick();
    for (const probe of set.probes()) probe.close();
    rmSync(join(root, 'cg'), { recursive: true });
    tick();
    tick();
    expect(described('h/aaa')?.state).toBe('running');
    tick();
    expect(described('h/aaa')?.state).toBe('gone');
  });

  test('says when it finds no accounting for a container', () => {
    const missing = container('aaa');
    rmSync(join(root, 'cg'), { recursive: true });
    set.running(missing);
    expect(warnings).toMatchObject([{ container: 'aaa', cgroupRoot: join(root, 'cg') }]);
    expect(tick()).toBe(0);
  });
});
