/**
 * The way of a sample with twenty real containers: how late it is seen, drawn, judged and acted
 * upon, what the collector costs, and what a kill -9 loses.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EndpointsAnswer, GroupsAnswer } from '../../../core/index.ts';
import { type TestDocker, testDocker } from '../../docker/engine.ts';
import { groupsText, removeGroup, rulesText, startReceiver } from '../../harness/acting.ts';
import type { Console } from '../../harness/console.ts';
import { prepared } from '../../harness/prepared.ts';
import { Saker } from '../../harness/saker.ts';
import { killRounds } from '../../harness/storage/kill-rounds.ts';
import { until } from '../../harness/waiting.ts';
import type { Bench, BenchContext } from '../bench.ts';
import { measureActions } from './actions.ts';
import { measureBrowser } from './browser.ts';
import { measureCost } from './collector-cost.ts';
import { measureLive } from './latency.ts';

const CONTAINERS = 20;
const BUSY = 4;
const GROUPS = 3;
const KILLS = 10;

export const spineBench: Bench = {
  name: 'spine',
  summary:
    'latency of seeing, drawing, alerting and scaling; the collector’s cost; kill -9 (needs Docker and Chromium)',
  run: (context) => prepared(context.environment, (environment) => measure({ ...context, environment })),
};

async function measure(context: BenchContext): Promise<void> {
  const docker = testDocker(context.environment);
  const folder = await mkdtemp(join(tmpdir(), 'saker-bench-'));
  try {
    await withContainers(context, docker, folder);
    await withKills(context);
  } finally {
    await docker.removeAll();
    await rm(folder, { recursive: true, force: true });
  }
}

async function withContainers({ figures, say }: BenchContext, docker: TestDocker, folder: string): Promise<void> {
  say(`starting ${CONTAINERS} containers`);
  await startContainers(docker);
  const receiver = await startReceiver();
  const groups = Array.from({ length: GROUPS }, (_, index) => docker.name(`group${index}`));
  const { image, labels } = docker;
  await writeFile(join(folder, 'rules.yaml'), rulesText(receiver.url, docker.name('group*')));
  await writeFile(join(folder, 'groups.yaml'), groupsText(groups.map((name) => ({ name, image, labels }))));
  const files = ['--rules', join(folder, 'rules.yaml'), '--groups', join(folder, 'groups.yaml')];
  const saker = await Saker.start({ flags: [...files, '--docker-socket', docker.socket] });
  try {
    const person = await saker.signIn();
    const instance = await firstInstance(person, groups);
    figures.computed({ containers: CONTAINERS, groups: GROUPS });
    say('how late samples are seen (60 s)');
    await measureLive(person, figures, 60);
    say('what the collector costs (60 s)');
    await measureCost((await saker.processes()).get('collector') ?? 0, 'collector', figures, 60);
    say('how late samples are drawn (40 s)');
    await measureBrowser(person, instance, figures, 40);
    say(`load in a container of each of ${GROUPS} groups: alert and scaling`);
    await measureActions({ docker, groups, receiver, figures });
  } finally {
    await saker.stop();
    receiver.close();
    for (const group of groups) await removeGroup(docker, group);
  }
}

async function startContainers(docker: TestDocker): Promise<void> {
  for (let index = 0; index < CONTAINERS; index++) {
    const isBusy = index < BUSY;
    const command = isBusy ? ['sh', '-c', 'while :; do :; done'] : ['sleep', '86400'];
    await docker.start({ name: `c${index}`, command, args: ['--cpus', isBusy ? '0.05' : '0.5', '--memory', '64m'] });
  }
}

/** An instance's endpoint, once every group has one and all containers are seen. */
function firstInstance(person: Console, names: readonly string[]): Promise<string> {
  const ask = async () => {
    const { endpoints } = await person.get<EndpointsAnswer>('/api/v1/endpoints');
    const { groups } = await person.get<GroupsAnswer>('/api/v1/groups');
    const instances = groups.filter(({ name }) => names.includes(name)).flatMap((group) => group.instances);
    const seen = endpoints.filter(({ kind, state }) => kind === 'container' && state === 'running').length;
    return seen >= CONTAINERS + names.length && instances.length === names.length && instances[0];
  };
  return until('an instance of each group', ask, 30_000);
}

async function withKills({ figures, say }: BenchContext): Promise<void> {
  say(`kill -9 of the server under load, ${KILLS} times`);
  const saker = await Saker.start({ command: 'server' });
  try {
    const outcome = await killRounds(saker, await saker.signIn(), KILLS);
    figures.emit('spine.kill_lost', outcome.lost, 'samples');
    figures.emit('spine.kill_doubled', outcome.doubled, 'samples');
    figures.emit('spine.kill_ready_max_s', Math.max(...outcome.readyMs) / 1000, 's');
    figures.computed({ acknowledged: outcome.acknowledged, lost: outcome.lost, doubled: outcome.doubled });
  } finally {
    await saker.stop();
  }
}
