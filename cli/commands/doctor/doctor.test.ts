import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CollectorsAnswer, version } from '../../../core/index.ts';
import { type Finding, judgeShare, lookAt, ok } from './check.ts';
import { engineChecks } from './host/engine-checks.ts';
import { judgeHugePages, kernelChecks } from './host/kernel-checks.ts';
import type { Machine } from './host/machine.ts';
import { judgeSync } from './host/place-checks.ts';
import { judgeNode, runtimeChecks } from './host/runtime-checks.ts';
import { doctorText } from './report.ts';
import { judgeCollectors, judgeLag, judgeSkew, judgeTransport } from './server/server-checks.ts';

describe('a judgement', () => {
  test.each([
    [judgeNode('20.20.0'), 'ok'],
    [judgeNode('24.1.0'), 'ok'],
    [judgeNode('20.19.9'), 'problem'],
    [judgeNode('18.20.8'), 'problem'],
    [judgeShare(80, 100, { what: 'x', fix: 'f' }), 'ok'],
    [judgeShare(81, 100, { what: 'x', fix: 'f' }), 'warning'],
    [judgeShare(96, 100, { what: 'x', fix: 'f' }), 'problem'],
    [judgeHugePages('always [madvise] never'), 'ok'],
    [judgeHugePages('[always] madvise never'), 'warning'],
    [judgeHugePages(null), 'skipped'],
    [judgeSync([1, 2, 400]), 'ok'],
    [judgeSync([60, 70, 80]), 'warning'],
    [judgeSync([2000, 2000, 2000]), 'problem'],
    [judgeLag(120), 'ok'],
    [judgeLag(121), 'warning'],
    [judgeLag(4000), 'problem'],
    [judgeSkew(999, 'it'), 'ok'],
    [judgeSkew(1000, 'it'), 'warning'],
    [judgeSkew(10_000, 'it'), 'problem'],
    [judgeTransport('https://x'), 'ok'],
    [judgeTransport('http://[::1]:7070'), 'ok'],
    [judgeTransport('http://10.0.0.1:7070'), 'warning'],
  ] as const)('%j', (verdict, status) => {
    expect(verdict.status).toBe(status);
    if (status === 'warning' || status === 'problem') expect(verdict.fix).toBeTruthy();
  });

  const collector = (name: string, change: Partial<CollectorsAnswer['collectors'][number]> = {}) => ({
    name,
    connected: true,
    version,
    lastFrameMs: 99_500,
    ackedSeq: 5,
    clockSkewMs: 3,
    seriesCount: 50,
    seriesRefused: 0,
    ...change,
  });
  test.each([
    [[], 'warning', /none has ever connected/],
    [[collector('a')], 'ok', /1 connected/],
    [[collector('a'), collector('b', { connected: false })], 'problem', /not heard: b$/],
    [[collector('b', { lastFrameMs: 80_000 })], 'problem', /not heard: b$/],
    [[collector('c', { clockSkewMs: -1500 })], 'warning', /clock .*: c$/],
    [[collector('d', { seriesRefused: 2 })], 'warning', /budget: d$/],
    [[collector('e', { version: '0.0.1' })], 'note', /another version .*: e$/],
  ])('of collectors %#', (collectors, status, words) => {
    expect(judgeCollectors({ nowMs: 100_000, collectors })).toMatchObject({
      status,
      result: expect.stringMatching(words),
    });
  });
});

describe('a host', () => {
  let root: string;
  let machine: Machine;
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  const look = async (): Promise<ReadonlyMap<string, Finding>> => {
    const sockets = { docker: join(root, 'docker.sock'), podman: null };
    const checks = [...runtimeChecks(machine), ...engineChecks(machine, sockets), ...kernelChecks(machine)];
    return new Map((await lookAt(checks)).map((finding) => [finding.id, finding]));
  };
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'saker-doctor-'));
    const at = (name: string): string => join(root, name);
    const places = {
      procRoot: at('proc'),
      sysRoot: at('sys'),
      cgroupRoot: at('cg'),
      runRoot: at('run'),
      devRoot: at('dev'),
    };
    machine = { ...places, nodeVersion: '22.1.0' };
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  test('that has nothing of Linux is told what can not be looked at, and never fails', async () => {
    const findings = await look();
    expect(findings.get('host.proc')).toMatchObject({ status: 'problem', fix: 'mount -t proc proc /proc' });
    expect(findings.get('host.cgroups')).toMatchObject({ status: 'problem' });
    expect(findings.get('host.docker')).toMatchObject({ status: 'skipped' });
    expect([...findings.values()].every(({ why }) => why.length > 20)).toBe(true);
  });

  test('in the best of health has nothing to fix', async () => {
    write('proc/stat', 'cpu 1\n');
    write('proc/self/mountinfo', '20 1 0:5 / /proc rw - proc proc rw\n');
    mkdirSync(join(root, 'proc/self/ns'), { recursive: true });
    symlinkSync('pid:[4026531836]', join(root, 'proc/self/ns/pid'));
    write('proc/self/limits', 'Max open files            1024                 524288               files\n');
    write('proc/pressure/cpu', 'some avg10=0\n');
    write('proc/meminfo', 'MemTotal: 1000 kB\nMemAvailable: 500 kB\n');
    write('proc/loadavg', '0.1 0.1 0.1 1/300 77\n');
    write('proc/sys/kernel/pid_max', '4194304\n');
    write('proc/sys/fs/file-nr', '1000\t0\t9223372036854775807\n');
    write('proc/sys/fs/inotify/max_user_instances', '1024\n');
    write('proc/sys/net/core/somaxconn', '4096\n');
    write('cg/cgroup.controllers', 'cpuset cpu io memory hugetlb pids rdma misc\n');
    write('run/systemd/timesync/synchronized', '');
    write('dev/kmsg', '');
    const wrong = [...(await look()).values()].filter(({ status }) => status !== 'ok' && status !== 'skipped');
    expect(wrong).toEqual([]);
  });

  test('with full tables, hidden processes, and inside a container is told each with its remedy', async () => {
    write('proc/stat', 'cpu 1\n');
    write('proc/self/mountinfo', '20 1 0:5 / /proc rw - proc proc rw,hidepid=2\n');
    mkdirSync(join(root, 'proc/self/ns'), { recursive: true });
    symlinkSync('pid:[4026532999]', join(root, 'proc/self/ns/pid'));
    write('proc/self/limits', 'Max open files            1024                 1024                 files\n');
    write('proc/sys/net/netfilter/nf_conntrack_count', '260000\n');
    write('proc/sys/net/netfilter/nf_conntrack_max', '262144\n');
    write('cg/cgroup.controllers', 'cpuset cpu pids\n');
    const findings = await look();
    expect(findings.get('host.proc')).toMatchObject({ status: 'warning', result: 'mounted with hidepid=2' });
    expect(findings.get('host.namespace')).toMatchObject({
      status: 'warning',
      fix: expect.stringContaining('--pid host'),
    });
    expect(findings.get('host.files')).toMatchObject({
      status: 'warning',
      fix: expect.stringContaining('LimitNOFILE'),
    });
    expect(findings.get('host.cgroups')).toMatchObject({ status: 'problem', result: 'version 2 without memory, io' });
    expect(findings.get('host.conntrack')).toMatchObject({
      status: 'problem',
      fix: 'sysctl -w net.netfilter.nf_conntrack_max=524288',
    });
  });
});

describe('the report', () => {
  test('says why and what to do only where something is to be done', async () => {
    const findings = await lookAt([
      { id: 'a', title: 'first', why: 'unseen', look: async () => ok('fine') },
      {
        id: 'b',
        title: 'second',
        why: 'it matters',
        look: async () => ({ status: 'problem', result: 'bad', fix: 'do it' }),
      },
      { id: 'c', title: 'third', why: 'unseen', look: () => Promise.reject(new Error('broken')) },
    ]);
    expect(doctorText(findings).split('\n')).toEqual([
      'ok       first   fine',
      'PROBLEM  second  bad',
      '         why: it matters',
      '         fix: do it',
      '-        third   could not be looked at: broken',
      '',
      '1 to fix now, 0 to look at soon.',
    ]);
  });
});
