import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../core/index.ts';
import type { ContainerDriver, ContainerSpec } from '../driver.ts';
import { DockerDriver } from './docker-driver.ts';
import { FakeDockerd, type Trouble } from './fake-dockerd.ts';

const DEADLINE_MS = 100;
const deadlines = {
  look: DEADLINE_MS,
  create: DEADLINE_MS,
  start: DEADLINE_MS,
  stop: DEADLINE_MS,
  kill: DEADLINE_MS,
  remove: DEADLINE_MS,
};

const spec: ContainerSpec = {
  name: 'web-1-abc',
  image: 'shop/web:1',
  command: [],
  env: {},
  labels: { 'saker.action': 'abc' },
  resources: { cpus: null, memoryBytes: null, pids: 100 },
};

const calls: readonly { readonly name: string; readonly call: (driver: ContainerDriver) => Promise<unknown> }[] = [
  { name: 'list', call: (driver) => driver.list() },
  { name: 'find by action', call: (driver) => driver.findByAction('abc') },
  { name: 'inspect', call: (driver) => driver.inspect('abc') },
  { name: 'create', call: (driver) => driver.create(spec) },
  { name: 'start', call: (driver) => driver.start('abc') },
  { name: 'stop', call: (driver) => driver.stop('abc', 0) },
  { name: 'kill', call: (driver) => driver.kill('abc') },
  { name: 'remove', call: (driver) => driver.remove('abc') },
];

let dockerd: FakeDockerd;
/** With deadlines so short that silence is soon over; and with the ones that people have. */
let hasty: DockerDriver;
let driver: DockerDriver;

beforeAll(async () => {
  dockerd = await FakeDockerd.listen();
  hasty = new DockerDriver({ socketPath: dockerd.socketPath, clock: systemClock, deadlines });
  driver = new DockerDriver({ socketPath: dockerd.socketPath, clock: systemClock });
  dockerd.trouble = { kind: 'answer', status: 200, body: [] };
  await driver.list();
}, 30_000);

afterAll(() => dockerd.close());

describe.each(calls)('$name', ({ call }) => {
  const troubles: readonly Trouble[] = [
    { kind: 'silence' },
    { kind: 'slow-headers-then-silence' },
    // docker-modem itself would wait for ever here.
    { kind: 'half-answer' },
  ];

  test.each(troubles)(
    'ends at its deadline when the engine answers with $kind, and keeps no connection',
    async (trouble) => {
      dockerd.trouble = trouble;
      const begunMs = systemClock.monotonicMs();
      await expect(call(hasty)).rejects.toMatchObject({ code: 'TIMEOUT' });
      expect(systemClock.monotonicMs() - begunMs).toBeLessThan(4000);
      await expect.poll(() => dockerd.connectionCount()).toBe(0);
    },
  );

  test('tells a refusal in the words of the engine', async () => {
    dockerd.trouble = { kind: 'answer', status: 500, body: { message: 'no space left on device' } };
    await expect(call(driver)).rejects.toMatchObject({
      code: 'DOCKER_REFUSED',
      message: expect.stringContaining('Docker says 500: no space left on device'),
    });
  });

  test('survives an answer that is not JSON, or not what was asked for', async () => {
    for (const body of ['<html>', 'null', '"text"', '{}', '[1]']) {
      dockerd.trouble = { kind: 'answer', status: 200, body };
      await call(driver).catch((error: unknown) => expect(error).toMatchObject({ code: 'DOCKER_UNAVAILABLE' }));
    }
  });
});

test('a create whose answer has no id is not taken for done', async () => {
  dockerd.trouble = { kind: 'answer', status: 201, body: { Warnings: [] } };
  await expect(driver.create(spec)).rejects.toMatchObject({ code: 'DOCKER_UNAVAILABLE' });
});

test('the words of an engine that never ends are cut', async () => {
  dockerd.trouble = { kind: 'answer', status: 500, body: { message: 'x'.repeat(100_000) } };
  const error = await driver.list().catch((caught: unknown) => caught);
  expect(error instanceof Error ? error.message.length : Number.POSITIVE_INFINITY).toBeLessThan(1000);
});

test('an engine that cannot be reached is unavailable', async () => {
  const nobody = new DockerDriver({ socketPath: `${dockerd.socketPath}.nobody`, clock: systemClock });
  await expect(nobody.list()).rejects.toMatchObject({
    code: 'DOCKER_UNAVAILABLE',
    where: expect.stringContaining('nobody'),
  });
});

test('what the environment says of another engine is not listened to', async () => {
  dockerd.trouble = { kind: 'answer', status: 200, body: [] };
  const before = process.env.DOCKER_HOST;
  process.env.DOCKER_HOST = 'tcp://127.0.0.1:1';
  try {
    const here = new DockerDriver({ socketPath: dockerd.socketPath, clock: systemClock });
    await expect(here.list()).resolves.toEqual([]);
  } finally {
    if (before === undefined) delete process.env.DOCKER_HOST;
    else process.env.DOCKER_HOST = before;
  }
});
