import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { formatTags, isAbsent, VirtualClock } from '../../../core/index.ts';
import type { ContainerDescription } from '../../sampling/identity.ts';
import { SeriesRegister } from '../../sampling/series-register.ts';
import { ProbeShared, ProbeSite } from '../probe.ts';
import { containerPath, findCgroups } from './cgroup-paths.ts';
import { ContainerProbe } from './container-probe.ts';
import { ID, NET, SCOPE, STAT, v1, v1Later, v2, v2Later } from './testing/container-trees.ts';

/** What both versions must show of the same container in the second sample. */
const expected = {
  'cpu.used.cores': 0.4,
  'cpu.busy': 80,
  'cpu.user': 60,
  'cpu.system': 20,
  'cpu.limit.cores': 0.5,
  'cpu.throttled.percent': 50,
  'cpu.throttled.ms': 250,
  'mem.usage.bytes': 1_000_000,
  'mem.working_set.bytes': 800_000,
  'mem.rss.bytes': 500_000,
  'mem.cache.bytes': 400_000,
  'mem.limit.bytes': 2_000_000,
  'mem.working_set.percent': 40,
  'pids.current': 7,
  'pids.limit': 100,
  'pids.percent': 7,
  'mem.usage.percent': 50,
  'mem.rss.percent': 25,
  'disk.io.read_bytes{device=vda}': 1000,
  'disk.io.write_bytes{device=vda}': 0,
  'disk.io.read_requests{device=vda}': 10,
  'disk.io.write_requests{device=vda}': 0,
  'net.if.in.bytes{iface=eth0}': 1000,
  'net.if.in.packets{iface=eth0}': 10,
  'net.if.in.errors{iface=eth0}': 0,
  'net.if.in.dropped{iface=eth0}': 0,
  'net.if.out.bytes{iface=eth0}': 0,
  'net.if.out.packets{iface=eth0}': 0,
  'net.if.out.errors{iface=eth0}': 0,
  'net.if.out.dropped{iface=eth0}': 0,
};

const container: ContainerDescription = {
  id: ID,
  name: 'web',
  image: 'busybox',
  labels: {},
  pid: 31,
  startedAtMs: 0,
  hostNetwork: false,
  restarts: 0,
  health: 'none',
  layerFolder: null,
};

let root: string;
let clock: VirtualClock;
let register: SeriesRegister;
let site: ProbeSite;
const opened: ContainerProbe[] = [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'saker-collector-'));
  clock = new VirtualClock(1_700_000_000_000);
  register = new SeriesRegister();
  const entry = register.endpoint({ name: 'h/web', kind: 'container', host: 'h', state: 'running', labels: {} });
  if (entry === null) throw new Error('no place');
  const shared = new ProbeShared(clock, join(root, 'proc'), register);
  shared.facts.cpuCount = 2;
  shared.facts.deviceNames.set('254:0', 'vda').set('7:0', 'loop0');
  site = new ProbeSite(shared, entry);
});

afterEach(() => {
  for (const probe of opened.splice(0)) probe.close();
  rmSync(root, { recursive: true });
});

function write(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

function probeNow(of: ContainerDescription = container): ContainerProbe {
  const folders = findCgroups({ procRoot: join(root, 'proc'), cgroupRoot: join(root, 'cg') }, of.pid, of.id);
  const probe = new ContainerProbe(site, of, folders, 0);
  opened.push(probe);
  return probe;
}

function sample(probe: ContainerProbe): Record<string, number> {
  register.beginFrame();
  probe.sample();
  const values = register.endFrame();
  return Object.fromEntries(
    register.generation.dictionary.series.flatMap(({ metric, tags }, index) => {
      const suffix = formatTags(tags) === '' ? '' : `{${formatTags(tags)}}`;
      return isAbsent(values, index) ? [] : [[`${metric}${suffix}`, values[index] as number]];
    }),
  );
}

/** So many seconds, each with a sample; what the last one shows. */
async function ticks(probe: ContainerProbe, count: number): Promise<Record<string, number>> {
  let values: Record<string, number> = {};
  for (let tick = 0; tick < count; tick++) {
    await clock.advance(1000);
    values = sample(probe);
  }
  return values;
}

async function samples(first: Readonly<Record<string, string>>, second: Readonly<Record<string, string>>) {
  write(first);
  const probe = probeNow();
  sample(probe);
  write(second);
  await clock.advance(1000);
  return { probe, values: sample(probe) };
}

describe('the probe of a container', () => {
  test('reads version 1, each controller at its own path', async () => {
    const { values } = await samples(v1, v1Later);
    expect(values).toEqual({ ...expected, 'cpu.busy.core{core=0}': 25, 'cpu.busy.core{core=1}': 15 });
  });

  test('reads version 2, where the kernel tells nothing per core', async () => {
    const { values } = await samples(v2, v2Later);
    expect(values).toEqual(expected);
  });

  test.each([
    ['1', v1],
    ['2', v2],
  ] as const)('has levels and no rate in its first sample of version %s', (_, tree) => {
    write(tree);
    const names = Object.keys(sample(probeNow()));
    expect(names.filter((name) => name !== 'disk.io.accounted').sort()).toEqual([
      'container.restarts',
      'cpu.limit.cores',
      'files.open',
      'kernel.conntrack.count',
      'mem.cache.bytes',
      'mem.limit.bytes',
      'mem.rss.bytes',
      'mem.rss.percent',
      'mem.usage.bytes',
      'mem.usage.percent',
      'mem.working_set.bytes',
      'mem.working_set.percent',
      'pids.current',
      'pids.limit',
      'pids.percent',
      'ss.closewait',
      'ss.estab',
      'ss.listen',
      'ss.synrecv',
      'ss.timewait',
      'ss.udp',
    ]);
  });

  test('divides by all cores of the host where there is no limit, and shows no limit', async () => {
    const none = {
      [`cg/cpu,cpuacct/docker/${ID}/cpu.cfs_quota_us`]: '-1\n',
      [`cg/pids/docker/${ID}/pids.max`]: 'max\n',
      [`cg/memory/vm/5af4/docker/${ID}/memory.stat`]:
        'hierarchical_memory_limit 9223372036854771712\ntotal_cache 0\ntotal_rss 1\ntotal_inactive_file 0\n',
    };
    const { values } = await samples({ ...v1, ...none }, { ...v1Later, ...none });
    expect(values['cpu.busy']).toBe(20);
    for (const name of Object.keys(values)) expect(name).not.toMatch(/limit|throttled|working_set.percent/);
  });

  test('sees no limit where version 2 writes max', async () => {
    const none = {
      [`${SCOPE}/cpu.max`]: 'max 100000\n',
      [`${SCOPE}/memory.max`]: 'max\n',
      [`${SCOPE}/pids.max`]: 'max\n',
    };
    const { values } = await samples({ ...v2, ...none }, { ...v2Later, ...none });
    expect(values['cpu.busy']).toBe(20);
    for (const name of Object.keys(values)) expect(name).not.toMatch(/limit|throttled|working_set.percent/);
  });

  test('follows a limit that is changed while it runs, within thirty ticks', async () => {
    const { probe } = await samples(v2, v2Later);
    write({ [`${SCOPE}/cpu.max`]: '150000 100000\n', [`${SCOPE}/memory.max`]: '4000000\n' });
    await ticks(probe, 30);
    expect(sample(probe)).toMatchObject({ 'cpu.limit.cores': 1.5, 'mem.limit.bytes': 4_000_000 });
  });

  test('reads a changed limit at once when it is told of a change', async () => {
    const { probe } = await samples(v2, v2Later);
    write({ [`${SCOPE}/cpu.max`]: '150000 100000\n', [`${SCOPE}/pids.max`]: '8\n' });
    probe.refresh(container);
    expect(sample(probe)).toMatchObject({ 'cpu.limit.cores': 1.5, 'pids.limit': 8 });
  });

  test('calls block io that the kernel does not account for absent, not zero', async () => {
    const unaccounted = {
      [`cg/blkio/docker/${ID}/blkio.throttle.io_service_bytes`]: 'Total 0\n',
      [`cg/blkio/docker/${ID}/blkio.throttle.io_serviced`]: 'Total 0\n',
    };
    const { probe, values } = await samples({ ...v1, ...unaccounted }, { ...v1Later, ...unaccounted });
    expect(Object.keys(values).filter((name) => name.startsWith('disk.'))).toEqual([]);
    // A throttle was set somewhere: from now on it counts, and is found within ten ticks.
    write(v1);
    await ticks(probe, 10);
    write(v1Later);
    await clock.advance(1000);
    expect(sample(probe)['disk.io.read_bytes{device=vda}']).toBe(1000);
  });

  test('counts the OOM kills before its first look where the container has just begun', async () => {
    write(v2);
    const young = { ...container, startedAtMs: clock.nowMs() - 1000 };
    expect(sample(probeNow(young))['mem.oom.kills']).toBe(1);
    expect(sample(probeNow({ ...container, startedAtMs: clock.nowMs() - 60_000 }))).not.toHaveProperty('mem.oom.kills');
  });

  test('has no network where it uses that of the host', async () => {
    write(v1);
    const probe = probeNow({ ...container, hostNetwork: true });
    sample(probe);
    await clock.advance(1000);
    expect(Object.keys(sample(probe)).filter((name) => name.startsWith('net.'))).toEqual([]);
  });

  test('has no processor sample when its counters went backwards', async () => {
    const { values } = await samples(v1Later, v1);
    expect(Object.keys(values).filter((name) => name.startsWith('cpu.') && name !== 'cpu.limit.cores')).toEqual([]);
    expect(values['mem.usage.bytes']).toBe(1_000_000);
  });

  test('takes the proportion of user and system from all of its life when no interrupt met it', async () => {
    const idle = { [`cg/cpu,cpuacct/docker/${ID}/cpuacct.usage_percpu`]: '1000000000 2010000000 \n' };
    const { values } = await samples(v1, { ...v1, ...idle });
    // 10 ms of half a core; 2.4 s user and 0.6 s system so far.
    expect(values).toMatchObject({ 'cpu.busy': 2, 'cpu.user': 1.6, 'cpu.system': 0.4 });
  });

  test('whose accounting vanished has no sample and is gone after two ticks', async () => {
    const { probe } = await samples(v1, v1Later);
    // An open file of a removed cgroup answers ENODEV; a removed file here is opened anew and not found.
    probe.close();
    rmSync(join(root, 'cg'), { recursive: true });
    await clock.advance(1000);
    expect(sample(probe)).toEqual({});
    expect(probe.isGone).toBe(false);
    await clock.advance(1000);
    expect(sample(probe)).toEqual({});
    expect(probe.isGone).toBe(true);
  });

  test('reads memory and tasks seldom while nothing of it runs, and repeats what it read', async () => {
    const { probe, values } = await samples(v1, v1Later);
    await ticks(probe, 2);
    write({ [`cg/pids/docker/${ID}/pids.current`]: '9\n' });
    const quiet = await ticks(probe, 1);
    expect(quiet).toMatchObject({ 'pids.current': 7, 'mem.usage.bytes': values['mem.usage.bytes'], 'cpu.busy': 0 });
    write({ [`cg/cpu,cpuacct/docker/${ID}/cpuacct.usage_percpu`]: '1250000001 2150000000 \n' });
    await clock.advance(1000);
    expect(sample(probe)['pids.current']).toBe(9);
  });

  test('that is held back all of a second is seen so, though nothing of it runs', async () => {
    const { probe } = await samples(v1, v1Later);
    const stat = (periods: number, throttled: number): Record<string, string> => ({
      [`cg/cpu,cpuacct/docker/${ID}/cpu.stat`]: `nr_periods ${periods}\nnr_throttled ${throttled}\nthrottled_time 0\n`,
    });
    for (let second = 1; second <= 4; second++) {
      write(stat(110 + second, 15 + second));
      expect(await ticks(probe, 1)).toMatchObject({ 'cpu.busy': 0, 'cpu.throttled.percent': 100 });
    }
    expect(await ticks(probe, 1)).toMatchObject({ 'cpu.throttled.percent': 0, 'cpu.throttled.ms': 0 });
  });

  test('has the rates of one second, not of its rest, when it runs again', async () => {
    const { probe } = await samples(v1, v1Later);
    expect(await ticks(probe, 7)).toMatchObject({
      'cpu.busy': 0,
      'cpu.busy.core{core=0}': 0,
      'cpu.throttled.ms': 0,
      'net.if.in.bytes{iface=eth0}': 0,
    });
    write({
      [`cg/cpu,cpuacct/docker/${ID}/cpuacct.usage_percpu`]: '1750000000 2150000000 \n',
      [`cg/cpu,cpuacct/docker/${ID}/cpu.stat`]: 'nr_periods 120\nnr_throttled 20\nthrottled_time 5350000000\n',
      'proc/31/net/dev': NET.replace('1462      17', '3462      37'),
    });
    expect(await ticks(probe, 1)).toMatchObject({
      'cpu.used.cores': 0.5,
      'cpu.busy.core{core=0}': 50,
      'cpu.throttled.percent': 50,
      'cpu.throttled.ms': 100,
      'net.if.in.bytes{iface=eth0}': 1000,
    });
  });

  test('shows nothing waiting while no thread of it is active, and looks again when one is', async () => {
    const resting = { ...v2, 'proc/31/task/31/stat': STAT('S', 100, 0) };
    write(resting);
    const probe = probeNow();
    sample(probe);
    await ticks(probe, 9);
    write({ [`${SCOPE}/memory.pressure`]: 'some avg10=0.00 total=501000\nfull avg10=0.00 total=250500\n' });
    expect(await ticks(probe, 1)).toMatchObject({ 'pressure.memory.some': 0, 'mem.oom.kills': 0, 'files.open': 3 });
    write({ [`${SCOPE}/cpu.stat`]: 'usage_usec 3400000\n' });
    expect((await ticks(probe, 5))['pressure.memory.some']).toBe(10);
  });

  test('counts the load of its threads every five seconds, as the kernel would', async () => {
    write(v1);
    const probe = probeNow();
    const loads: (number | undefined)[] = [];
    for (let second = 0; second < 16; second++) {
      loads.push(sample(probe)['load.1min']);
      await clock.advance(1000);
    }
    expect(loads.slice(0, 5)).toEqual([undefined, undefined, undefined, undefined, undefined]);
    // The kernel's own series for one task that always runs: 0.08, 0.15, 0.22, …
    expect([loads[5], loads[10], loads[15]]).toEqual([0.08, 0.15, 0.22]);
  });

  test('places its time on cores by its threads in version 2, and says what is not certain', async () => {
    write(v2);
    const probe = probeNow();
    const later = (ticks: number, core: number, usec: number): void =>
      write({ ...v2, 'proc/31/task/31/stat': STAT('R', ticks, core), [`${SCOPE}/cpu.stat`]: `usage_usec ${usec}\n` });
    sample(probe);
    await ticks(probe, 5);
    // 2 s of processor time in 5 s, of which the thread shows 2.
    later(300, 0, 5_000_000);
    expect(await ticks(probe, 5)).toMatchObject({
      'cpu.busy.core{core=0}': 40,
      'cpu.busy.core{core=1}': 0,
      'cpu.busy.core.unplaced': 0,
    });
    // 1 s more, and it sits on another core now: where it was spent is anybody's guess.
    later(400, 1, 6_000_000);
    expect(await ticks(probe, 5)).toMatchObject({ 'cpu.busy.core{core=1}': 20, 'cpu.busy.core.unplaced': 100 });
  });

  test('shows pressure, OOM kills and what its engine knows every five seconds', async () => {
    write(v2);
    const probe = probeNow({ ...container, startedAtMs: clock.nowMs() - 60_000, restarts: 2, health: 'unhealthy' });
    expect(sample(probe)).toMatchObject({ 'container.uptime': 60, 'container.restarts': 2, 'container.healthy': 0 });
    write({
      [`${SCOPE}/memory.events`]: 'oom_kill 3\n',
      [`${SCOPE}/cpu.stat`]: 'usage_usec 3400000\n',
      [`${SCOPE}/memory.pressure`]: 'some avg10=0.00 total=501000\nfull avg10=0.00 total=250500\n',
    });
    expect(await ticks(probe, 5)).toMatchObject({
      'mem.oom.kills': 2,
      'pressure.memory.some': 10,
      'pressure.memory.full': 5,
      'container.uptime': 65,
    });
  });

  test('that lost one controller shows the others', async () => {
    const { probe } = await samples(v1, v1Later);
    probe.close();
    rmSync(join(root, 'cg/memory'), { recursive: true });
    write({ [`cg/cpu,cpuacct/docker/${ID}/cpuacct.usage_percpu`]: '1350000000 2150000000 \n' });
    await clock.advance(1000);
    const values = sample(probe);
    expect(values['pids.current']).toBe(7);
    expect(values).not.toHaveProperty('mem.usage.bytes');
    expect(probe.isGone).toBe(false);
  });

  test('measures nothing, the network neither, when its process number is another container by now', () => {
    write({ ...v1, 'proc/31/cgroup': (v1['proc/31/cgroup'] ?? '').replaceAll(ID, 'f'.repeat(64)) });
    expect(sample(probeNow())).toEqual({});
  });

  test('survives files without sense', async () => {
    const garbage = Object.fromEntries(
      Object.keys(v2)
        .filter((path) => !path.includes('cgroup'))
        .map((path) => [path, 'x\n= = 1\n\u0000 8:0 rbytes=\nmax max\n']),
    );
    const { values } = await samples(v2, garbage);
    // Limits hold until they are read again.
    expect(values).toEqual({ 'cpu.limit.cores': 0.5, 'mem.limit.bytes': 2_000_000 });
  });
});

describe('the path of a container', () => {
  const paths: [string, string | null][] = [
    [`/docker/${ID}`, `/docker/${ID}`],
    [`/system.slice/docker-${ID}.scope/init.scope`, `/system.slice/docker-${ID}.scope`],
    [`/vm/docker/${ID}/docker/${'e'.repeat(64)}`, `/vm/docker/${ID}`],
    ['/', null],
    ['/docker/other', null],
    [`/../${ID}`, null],
    [`docker/${ID}`, null],
  ];
  test.each(paths)('in %s is %s', (path, expectedPath) => {
    expect(containerPath(path, ID)).toBe(expectedPath);
  });
});
