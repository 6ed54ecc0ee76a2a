/**
 * Others that watch containers, on the same containers, where the machine has them. They are never
 * installed by a bench: `apt-get install netdata collectd-core`, by hand, brings them in.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { stop } from '../../harness/agent.ts';
import type { BenchContext } from '../bench.ts';
import { cpuPercent, pidsWith, residentMegabytes } from './processes.ts';

const WARM_UP_MS = 15_000;

type Peer = {
  readonly name: string;
  readonly program: string;
  /** Writes what it needs into `folder` and tells its arguments. */
  readonly prepare: (folder: string) => Promise<readonly string[]>;
};

/** Netdata cut to the bone: processes of the host and cgroups, in memory. */
const netdata: Peer = {
  name: 'netdata',
  program: '/usr/sbin/netdata',
  prepare: async (folder) => {
    const off = ['apps', 'tc', 'python.d', 'charts.d', 'go.d', 'node.d', 'statsd', 'checks', 'idlejitter', 'timex'];
    const plugins = ['[plugins]', ...off.map((name) => `  ${name} = no`), '  proc = yes', '  cgroups = yes'];
    const web = ['[web]', '  mode = none', '[ml]', '  enabled = no', '[health]', '  enabled = no'];
    const store = ['[db]', '  mode = ram', '  update every = 1', '[directories]', `  cache = ${folder}`];
    const more = [`  lib = ${folder}`, `  log = ${folder}`, '[registry]', '  enabled = no'];
    await writeFile(join(folder, 'netdata.conf'), [...plugins, ...web, ...store, ...more].join('\n'));
    return ['-D', '-u', 'root', '-P', join(folder, 'netdata.pid'), '-c', join(folder, 'netdata.conf')];
  },
};

/** Collectd knows no containers: this is its host alone, at one second. */
const collectd: Peer = {
  name: 'collectd',
  program: '/usr/sbin/collectd',
  prepare: async (folder) => {
    const plugins = ['cpu', 'memory', 'load', 'interface', 'disk', 'df', 'processes', 'tcpconns', 'cgroups'];
    const load = plugins.map((name) => `LoadPlugin ${name}`);
    const lines = ['Interval 1', `BaseDir "${folder}"`, `PIDFile "${folder}/pid"`, ...load];
    await writeFile(join(folder, 'collectd.conf'), `${lines.join('\n')}\n`);
    return ['-f', '-C', join(folder, 'collectd.conf')];
  },
};

export async function measurePeers(context: BenchContext, count: number, seconds: number): Promise<void> {
  for (const peer of [netdata, collectd]) {
    if (await exists(peer.program)) await measurePeer(context, peer, count, seconds);
    else context.say(`${peer.name} is not here: skipped`);
  }
}

async function measurePeer({ figures, say }: BenchContext, peer: Peer, count: number, seconds: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'saker-peer-'));
  say(`${peer.name} (${seconds} s)`);
  const child = spawn(peer.program, await peer.prepare(folder), { stdio: 'ignore' });
  try {
    await delay(WARM_UP_MS);
    if (child.exitCode !== null) return say(`${peer.name} ended by itself: skipped`);
    const pids = [...new Set([child.pid ?? 0, ...(await pidsWith(`${peer.name}`))])];
    figures.emit(
      `collector.${peer.name}_cpu_percent_${count}`,
      await cpuPercent(pids, () => delay(seconds * 1000)),
      '%',
    );
    figures.emit(`collector.${peer.name}_resident_mb_${count}`, await residentMegabytes(child.pid ?? 0), 'MiB');
  } finally {
    await stop(child);
    await rm(folder, { recursive: true, force: true });
  }
}

export type Engine = { readonly socket: string; readonly pids: readonly number[]; readonly idlePercent: number };

/** `docker stats`: the client, and what it makes the engine do. */
export async function measureDockerStats(context: BenchContext, engine: Engine, count: number): Promise<void> {
  const child: ChildProcess = spawn('docker', ['--host', `unix://${engine.socket}`, 'stats'], { stdio: 'ignore' });
  try {
    await delay(5000);
    context.say('docker stats (20 s)');
    const percent = await cpuPercent([child.pid ?? 0, ...engine.pids], () => delay(20_000));
    context.figures.emit(`collector.docker_stats_cpu_percent_${count}`, percent - engine.idlePercent, '%');
  } finally {
    await stop(child);
  }
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
