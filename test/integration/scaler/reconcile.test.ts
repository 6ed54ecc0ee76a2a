import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { silentLogger, systemClock } from '../../../core/index.ts';
import { type ContainerDriver, createScaler, DockerDriver, migrations, type Scaler } from '../../../scaler/index.ts';
import { FileStore } from './file-store.ts';

const socketPath = process.env.SAKER_TEST_DOCKER_SOCKET ?? '';
const image = process.env.SAKER_TEST_IMAGE ?? '';

/** Real containers, a real state store on disk, and a process that dies between two steps. */
describe.skipIf(socketPath === '' || image === '')('the scaler on a real engine', () => {
  const group = `scaler-it-${randomBytes(4).toString('hex')}`;
  const docker = new DockerDriver({ socketPath, clock: systemClock });
  let folder = '';
  let groupsFile = '';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'saker-scaler-'));
    groupsFile = join(folder, 'groups.yaml');
  });

  afterAll(async () => {
    for (const { id } of await ours()) {
      await docker.kill(id);
      await docker.remove(id);
    }
    await rm(folder, { recursive: true, force: true });
  });

  async function ours() {
    return (await docker.list()).filter(({ labels }) => labels['saker.group'] === group);
  }

  async function runningCount() {
    return (await ours()).filter(({ state }) => state === 'running').length;
  }

  async function size(min: number, max: number) {
    await writeFile(
      groupsFile,
      `groups:
  - name: ${group}
    match: { saker.service: ${group} }
    image: ${image}
    command: [sh, -c, 'trap "exit 0" TERM; while true; do sleep 1 & wait; done']
    resources: { cpus: 0.5, memory: 16MiB, pids: 32 }
    min: ${min}
    max: ${max}
    policy:
      metric: cpu.busy
      add: { above: 80 }
      remove: { below: 40 }
`,
    );
  }

  async function withScaler(driver: ContainerDriver, run: (scaler: Scaler) => Promise<void>) {
    const store = new FileStore(join(folder, 'state.db'), migrations);
    const options = { store, clock: systemClock, logger: silentLogger, groupsFile, driver, publish: () => {} };
    const scaler = await createScaler(options);
    try {
      await run(scaler);
    } finally {
      await scaler.close();
      store.close();
    }
  }

  const soon = { timeout: 20_000, interval: 50 };

  test('a crash after the create, before anybody heard of it, is resumed with the same container', async () => {
    await size(1, 4);
    // The engine makes the container; the process dies while it waits for the answer.
    const dying: ContainerDriver = {
      name: docker.name,
      list: () => docker.list(),
      findByAction: (action) => docker.findByAction(action),
      inspect: (id) => docker.inspect(id),
      create: async (spec) => {
        await docker.create(spec);
        return new Promise<string>(() => {});
      },
      start: (id) => docker.start(id),
      stop: (id, graceSeconds) => docker.stop(id, graceSeconds),
      kill: (id) => docker.kill(id),
      remove: (id) => docker.remove(id),
    };
    await withScaler(dying, async (scaler) => {
      await expect.poll(() => ours(), soon).toHaveLength(1);
      expect(scaler.metrics().actionsRunning).toBe(1);
    });
    const [made] = await ours();
    expect(made?.state).toBe('created');
    await withScaler(docker, async (scaler) => {
      await expect.poll(runningCount, soon).toBe(1);
      await expect.poll(() => scaler.metrics().actionsDone, soon).toBe(1);
      const { actions } = await scaler.decisions({ group });
      expect(actions).toMatchObject([{ kind: 'create', state: 'done', step: 'verify', container: made?.name }]);
    });
    expect((await ours()).map(({ id }) => id)).toEqual([made?.id]);
  }, 60_000);

  test('a group is brought to its minimum, and to a maximum that is lowered, one by one', async () => {
    await size(3, 4);
    const begunMs = systemClock.monotonicMs();
    await withScaler(docker, async (scaler) => {
      await expect.poll(runningCount, soon).toBe(3);
      process.stdout.write(`scaler: 2 more containers in ${Math.round(systemClock.monotonicMs() - begunMs)} ms\n`);
      await expect.poll(() => scaler.metrics().actionsDone, soon).toBe(2);
      await size(1, 1);
      await expect.poll(async () => (await ours()).length, { timeout: 40_000, interval: 100 }).toBe(1);
      const { decisions } = await scaler.decisions({ group });
      const changes = decisions.filter(({ kind }) => kind !== 'hold').reverse();
      expect(changes.map(({ kind, current, wanted }) => `${kind} ${current} to ${wanted}`)).toEqual([
        'add 0 to 1',
        'add 1 to 3',
        'add 2 to 3',
        'remove 3 to 1',
        'remove 2 to 1',
      ]);
    });
  }, 90_000);
});
