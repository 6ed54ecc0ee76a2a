import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type HostEvent, isAbsent, VirtualClock } from '../../core/index.ts';
import { ProbeShared, ProbeSite } from '../probes/probe.ts';
import { SeriesRegister } from '../sampling/series-register.ts';
import { classify, oomSummaryOf } from './classify.ts';
import { KernelLog } from './kernel-log.ts';
import { parseRecord } from './kmsg-file.ts';

const ID = '7a9f162a5c646c3a3f3079002c3beaf4e4bf5f7ba9d5bf68551dc1a68ff0b62a';
const BOOT_MS = 1_700_000_000_000;

const OOM_SUMMARY = `oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=${ID},mems_allowed=0,oom_memcg=/docker/${ID},task_memcg=/docker/${ID},task=java,task=x,pid=4242,uid=0`;
const OOM_KILL =
  'Memory cgroup out of memory: Killed process 4242 (java,task=x) total-vm:3000000kB, anon-rss:524288kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:2000kB oom_score_adj:0';

describe('a line of the kernel log', () => {
  const lines: [string, string, object][] = [
    [OOM_KILL, 'oom_kill', { process: 'java,task=x', pid: '4242', anonKib: '524288' }],
    [
      'Out of memory: Killed process 7 (a) b) total-vm:1kB, anon-rss:2048kB, file-rss:0kB',
      'oom_kill',
      { process: 'a) b', pid: '7' },
    ],
    ['INFO: task kworker/u4:2:193 blocked for more than 120 seconds.', 'hung_task', { pid: '193', seconds: '120' }],
    ['INFO: task nfsd:9 blocked in I/O wait for more than 245 seconds.', 'hung_task', { process: 'nfsd' }],
    ['watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [kvm:12]', 'lockup', { core: '1', process: 'kvm' }],
    ['blk_update_request: I/O error, dev sda, sector 12345 op 0x0:(READ) flags 0x0', 'disk_error', { device: 'sda' }],
    ['critical medium error, dev nvme0n1, sector 99 op 0x0:(READ)', 'disk_error', { device: 'nvme0n1' }],
    ['Buffer I/O error on dev dm-0, logical block 17, async page read', 'disk_error', { device: 'dm-0' }],
    ['nvme nvme0: I/O 12 QID 3 timeout, aborting', 'disk_error', { device: 'nvme0' }],
    ['EXT4-fs error (device sda1): ext4_find_entry:1455: inode #2', 'filesystem_error', { device: 'sda1' }],
    ['EXT4-fs (sda1): Remounting filesystem read-only', 'filesystem_error', { device: 'sda1' }],
    ['XFS (dm-3): Corruption of in-memory data detected.  Shutting down filesystem', 'filesystem_error', {}],
    ['BTRFS error (device sdb state EA): parent transid verify failed', 'filesystem_error', { device: 'sdb' }],
    ['my app[77]: segfault at 0 ip 00005555 sp 00007ffe error 4 in app[5555+1000]', 'segfault', { process: 'my app' }],
    ['traps: node[8] general protection fault ip:55 sp:7f error:0 in node[40+1]', 'segfault', { pid: '8' }],
    ['mce: [Hardware Error]: CPU 0: Machine Check: 0 Bank 4: b200000000070f0f', 'hardware_error', {}],
    ['nf_conntrack: nf_conntrack: table full, dropping packet', 'table_full', {}],
    ['TCP: request_sock_TCP: Possible SYN flooding on port 0.0.0.0:80. Sending cookies.', 'table_full', {}],
  ];
  test.each(lines)('%s', (line, kind, facts) => {
    expect(classify(line)).toMatchObject({ kind, facts });
  });

  test.each([
    'docker0: port 1(veth45) entered disabled state',
    'EXT4-fs (vda): mounted filesystem with ordered data mode',
    'Memory cgroup out of memory: nothing more',
    'I/O error',
    '',
  ])('%j tells nothing that anybody waits for', (line) => {
    expect(classify(line)).toBeNull();
  });

  test('of a kill names its control group, though the program’s name looks like the line', () => {
    expect(oomSummaryOf(OOM_SUMMARY)).toEqual({ pid: 4242, cgroup: `/docker/${ID}`, isLimit: true });
  });

  test('gives bounded text, whatever it is, in bounded time', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 8000, unit: 'binary' }), fc.constantFrom(...lines), (noise, [line]) => {
        for (const text of [noise, line + noise, noise + line]) {
          expect(classify(text)?.text.length ?? 0).toBeLessThanOrEqual(512);
          oomSummaryOf(text);
        }
      }),
    );
  });
});

describe('a record of /dev/kmsg', () => {
  test('is taken when the kernel wrote it', () => {
    expect(parseRecord('4,1234,5678901,-;the text\n SUBSYSTEM=block\n')).toEqual({
      seq: 1234,
      bootUs: 5_678_901,
      text: 'the text',
    });
  });

  test.each(['12,1,2,-;Out of memory: Killed process 1 (forged)', 'x', '4,1,2;', ''])('%j is none', (record) => {
    expect(parseRecord(record)).toBeNull();
  });
});

describe('the kernel log', () => {
  let folder: string;
  let clock: VirtualClock;
  let register: SeriesRegister;
  let told: HostEvent[];
  let log: KernelLog;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'saker-kmsg-'));
    clock = new VirtualClock(BOOT_MS + 3_600_000);
    register = new SeriesRegister();
    told = [];
  });
  afterEach(() => {
    log.close();
    rmSync(folder, { recursive: true });
  });

  /** A pipe gives what was written in one read, as one record, which is enough for one line a tick. */
  function follow(): (text: string, secondsAfterBoot?: number) => Record<string, number> {
    const path = join(folder, 'kmsg');
    execFileSync('mkfifo', [path]);
    const shared = new ProbeShared(clock, '/nowhere', register);
    const entry = register.endpoint({ name: 'h', kind: 'host', host: 'h', state: 'running', labels: {} });
    if (entry === null) throw new Error('no place');
    log = new KernelLog({
      site: new ProbeSite(shared, entry),
      host: 'h',
      path,
      bootId: 'boot',
      bootedAtMs: BOOT_MS,
      ownerOf: ({ cgroup }) => (cgroup === `/docker/${ID}` ? { endpoint: 'h/web', facts: { service: 'shop' } } : null),
      tell: (event) => told.push(event),
    });
    let seq = 0;
    return (text, secondsAfterBoot = 3600) => {
      // Opened for both, since a pipe without a reader refuses a writer.
      writeFileSync(path, `3,${++seq},${secondsAfterBoot * 1e6},-;${text}\n`, { flag: 'r+' });
      register.beginFrame();
      log.sample();
      const values = register.endFrame();
      const { series } = register.generation.dictionary;
      const entries = series.flatMap(({ tags }, index) =>
        isAbsent(values, index) ? [] : [[String(tags.kind), values[index] as number] as const],
      );
      return Object.fromEntries(entries);
    };
  }

  test('joins a kill to its container and service, and counts it', () => {
    const heard = follow();
    heard(OOM_SUMMARY);
    expect(heard(OOM_KILL)).toMatchObject({ oom_kill: 1, segfault: 0 });
    expect(told).toEqual([
      {
        id: 'boot-2',
        kind: 'oom_kill',
        severity: 'critical',
        atMs: BOOT_MS + 3_600_000,
        endpoint: 'h/web',
        text: 'The kernel killed java,task=x (4242) for want of memory; it held 512 MiB (in h/web)',
        line: OOM_KILL,
        facts: { process: 'java,task=x', pid: '4242', anonKib: '524288', cause: 'limit', service: 'shop' },
      },
    ]);
  });

  test('tells of what was before the start, which may have been its own end, and does not count it', () => {
    const heard = follow();
    expect(heard(OOM_KILL, 3500)).toMatchObject({ oom_kill: 0 });
    expect(told).toMatchObject([{ endpoint: 'h', atMs: BOOT_MS + 3_500_000 }]);
    heard(OOM_KILL, 100);
    expect(told).toHaveLength(1);
  });

  test('counts all of a flood and tells of the first twenty a minute', async () => {
    const heard = follow();
    for (let line = 0; line < 25; line++) heard('a[1]: segfault at 0 ip 0 sp 0 error 4');
    expect([told.length, log.suppressed]).toEqual([20, 5]);
    await clock.advance(60_000);
    expect(heard('a[1]: segfault at 0 ip 0 sp 0 error 4', 3660)).toMatchObject({ segfault: 1 });
    expect(told).toHaveLength(21);
  });

  test('is left alone where there is none', () => {
    const shared = new ProbeShared(clock, '/nowhere', register);
    const entry = register.endpoint({ name: 'h', kind: 'host', host: 'h', state: 'running', labels: {} });
    if (entry === null) throw new Error('no place');
    log = new KernelLog({
      site: new ProbeSite(shared, entry),
      host: 'h',
      path: join(folder, 'missing'),
      bootId: 'boot',
      bootedAtMs: BOOT_MS,
      ownerOf: () => null,
      tell: (event) => told.push(event),
    });
    register.beginFrame();
    log.sample();
    expect([log.isOpen, register.endFrame().length]).toEqual([false, 0]);
  });
});
