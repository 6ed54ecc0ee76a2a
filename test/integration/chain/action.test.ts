import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AlertsAnswer, DecisionsAnswer, EndpointsAnswer } from '../../../core/index.ts';
import { hasDocker, type TestDocker, testDocker } from '../../docker/engine.ts';
import {
  groupsText,
  instancesOf,
  type Receiver,
  removeGroup,
  rulesText,
  startLoad,
  startReceiver,
  untilInstances,
} from '../../harness/acting.ts';
import type { Console } from '../../harness/console.ts';
import { Saker } from '../../harness/saker.ts';
import { until } from '../../harness/waiting.ts';

/** The issue's own limit for load to running container, and half as much again for a loaded machine. */
const SCALE_SECONDS_MAX = 12;

describe.skipIf(!hasDocker)('load in a container', () => {
  let docker: TestDocker;
  let saker: Saker;
  let person: Console;
  let receiver: Receiver;
  let folder = '';
  let group = '';
  beforeAll(async () => {
    docker = testDocker();
    group = docker.name('shop');
    receiver = await startReceiver();
    folder = await mkdtemp(join(tmpdir(), 'saker-action-'));
    const [rules, groups] = [join(folder, 'rules.yaml'), join(folder, 'groups.yaml')];
    await writeFile(rules, rulesText(receiver.url, group));
    await writeFile(groups, groupsText([{ name: group, image: docker.image, labels: docker.labels }]));
    const files = ['--rules', rules, '--groups', groups, '--docker-socket', docker.socket];
    saker = await Saker.start({ flags: files });
    person = await saker.signIn();
  });
  afterAll(async () => {
    await saker?.stop();
    receiver?.close();
    await removeGroup(docker, group);
    await docker.removeAll();
    await rm(folder, { recursive: true, force: true });
  });

  test('sends a message and adds a container, each with its reason', async () => {
    const [first] = await untilInstances(docker, group, 1);
    await until('the instance’s samples', async () => {
      const { endpoints } = await person.get<EndpointsAnswer>('/api/v1/endpoints');
      return endpoints.find(({ name }) => name === `${group}.1`)?.lastSampleMs;
    });
    const loadAtMs = Date.now();
    await startLoad(docker, first?.id ?? '', 30);

    const [added] = await untilInstances(docker, group, 2);
    expect((added?.startedAtMs ?? 0) - loadAtMs).toBeLessThan(SCALE_SECONDS_MAX * 1000);
    const { decisions } = await person.get<DecisionsAnswer>(`/api/v1/decisions?group=${group}`);
    const adding = decisions.find(({ kind, signal }) => kind === 'add' && signal !== null);
    expect(adding).toMatchObject({ current: 1, wanted: 2, metric: 'cpu.busy' });
    expect(adding?.reason).toMatch(/cpu\.busy above 80 for 3 seconds in a row/);

    const message = await until('the webhook', () =>
      receiver.received.find(({ body }) => body.endpoint === `${group}.1`),
    );
    expect(message.body).toMatchObject({ status: 'PROBLEM', rule: 'cpu high', priority: 1, currentStep: 1 });
    expect(message.idempotencyKey).toBe(message.body.key);
    const { alerts } = await person.get<AlertsAnswer>('/api/v1/alerts');
    expect(alerts.map(({ key }) => key)).toContain(message.body.key);
  });

  test('is told when it is over, once', async () => {
    const over = () => receiver.received.filter(({ body }) => body.status === 'OK' && body.endpoint === `${group}.1`);
    await until('the recovery', () => over().length > 0, 45_000);
    expect(over()).toHaveLength(1);
    const { alerts } = await person.get<AlertsAnswer>('/api/v1/alerts');
    expect(alerts.filter(({ endpoint }) => endpoint === `${group}.1`)).toHaveLength(0);
  });

  test('whose metrics stop coming removes nothing', async () => {
    const collector = (await saker.processes()).get('collector') ?? 0;
    process.kill(collector, 'SIGSTOP');
    try {
      await until('a decision about missing data', async () => {
        const { decisions } = await person.get<DecisionsAnswer>(`/api/v1/decisions?group=${group}&limit=1`);
        return decisions[0]?.inputs.some(({ value }) => value === null) && decisions[0].kind === 'hold';
      });
      expect(await instancesOf(docker, group)).toHaveLength(2);
    } finally {
      process.kill(collector, 'SIGCONT');
    }
  });
});
