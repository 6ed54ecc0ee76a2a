/**
 * The way of a sample with twenty real containers: how late it is seen, drawn, judged and acted
 * upon, what the collector costs, and what a kill -9 loses.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EndpointsAnswer, GroupsAnswer } from '../../../core/index.ts';
import { type TestDocker, testDocker } from '../../docker/engine.ts';
import type { Console } from '../../harness/console.ts';
import { killRounds } from '../../harness/kill-rounds.ts';
import { Saker } from '../../harness/saker.ts';
import { until } from '../../harness/waiting.ts';
import type { Bench, BenchContext } from '../bench.ts';
import { measureAlert, measureScaling, startLoad, startReceiver, whyAdded } from './actions.ts';
import { measureBrowser } from './browser.ts';
import { measureCost } from './collector-cost.ts';
import { measureLive } from './latency.ts';

const CONTAINERS = 20;
const BUSY = 4;
const KILLS = 10;

export const spineBench: Bench = {
  name: 'spine',
  summary:
    'latency of seeing, drawing, alerting and scaling; the collector’s cost; kill -9 (needs Docker and Chromium)',
  run: async (context) => {
    const docker = testDocker(context.environment);
    const folder = await mkdtemp(join(tmpdir(), 'saker-bench-'));
    try {
      await withContainers(context, docker, folder);
      await withKills(context);
    } finally {
      await docker.removeAll();
      await rm(folder, { recursive: true, force: true });
    }
  },
};

async function withContainers({ figures, say }: BenchContext, docker: TestDocker, folder: string): Promise<void> {
  say(`starting ${CONTAINERS} containers`);
  await startContainers(docker);
  const receiver = await startReceiver();
  const group = docker.name('bench');
  await writeFile(join(folder, 'rules.yaml'), rulesText(receiver.url, group));
  await writeFile(join(folder, 'groups.yaml'), groupsText(docker, group));
  const flags = [
    '--rules',
    join(folder, 'rules.yaml'),
    '--groups',
    join(folder, 'groups.yaml'),
    '--docker-socket',
    docker.socket,
  ];
  const saker = await Saker.start({ flags });
  try {
    const person = await saker.signIn();
    const instance = await firstInstance(person, group);
    figures.computed({ containers: CONTAINERS });
    say('seconds until samples are seen (60 s)');
    await measureLive(person, figures, 60);
    say('what the collector costs (60 s)');
    await measureCost((await saker.processes()).get('collector') ?? 0, 'collector', figures, 60);
    say('seconds until samples are drawn (40 s)');
    await measureBrowser(person, instance, figures, 40);
    say('load in a container: alert and scaling');
    const loadAtMs = Date.now();
    const [container = ''] = (await docker.docker('ps', '--quiet', '--filter', `label=saker.group=${group}`)).split(
      '\n',
    );
    await startLoad(docker, container, 60);
    await Promise.all([measureAlert(receiver.received, figures), measureScaling(docker, group, loadAtMs, figures)]);
    say(`added, because ${await whyAdded(person, group)}`);
  } finally {
    await saker.stop();
    receiver.close();
    await removeGroup(docker, group);
  }
}

async function startContainers(docker: TestDocker): Promise<void> {
  for (let index = 0; index < CONTAINERS; index++) {
    const isBusy = index < BUSY;
    const command = isBusy ? ['sh', '-c', 'while :; do :; done'] : ['sleep', '86400'];
    await docker.start({ name: `c${index}`, command, args: ['--cpus', isBusy ? '0.05' : '0.5', '--memory', '64m'] });
  }
}

const rulesText = (url: string, group: string): string => `channels:
  - name: phone
    type: webhook
    url: ${url}
    allow_internal: true
rules:
  - name: bench cpu
    metric: cpu.busy
    where: { service: ${group} }
    condition: all(#3) > 80
    priority: 1
    notify: [phone]
`;

const groupsText = (docker: TestDocker, group: string): string => `groups:
  - name: ${group}
    match: { saker.service: ${group} }
    image: ${docker.image}
    command: [sleep, "86400"]
    labels: ${JSON.stringify(docker.labels)}
    resources: { cpus: 0.5, memory: 64MiB }
    min: 1
    max: 2
    policy:
      metric: cpu.busy
      add: { above: 80, consecutive: 3 }
      remove: { below: 60, consecutive: 3 }
`;

/** The group's first instance, once it and all containers are seen. */
function firstInstance(person: Console, group: string): Promise<string> {
  return until(
    'the group’s first instance',
    async () => {
      const { endpoints } = await person.get<EndpointsAnswer>('/api/v1/endpoints');
      const { groups } = await person.get<GroupsAnswer>('/api/v1/groups');
      const instance = groups.find(({ name }) => name === group)?.instances[0];
      const seen = endpoints.filter(({ kind, state }) => kind === 'container' && state === 'running').length;
      return seen > CONTAINERS && instance;
    },
    30_000,
  );
}

async function removeGroup(docker: TestDocker, group: string): Promise<void> {
  const ids = (await docker.docker('ps', '--all', '--quiet', '--filter', `label=saker.group=${group}`)).split('\n');
  for (const id of ids.filter((one) => one !== '')) await docker.docker('rm', '--force', id);
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
