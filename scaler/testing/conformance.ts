/**
 * What every `ContainerDriver` must do, in a form that runs: the room's fake and the real Docker
 * driver pass the same cases. Each case makes containers under names of its own and leaves them to
 * the caller to sweep.
 */
import assert from 'node:assert/strict';
import { isAppError } from '../../core/index.ts';
import type { Container, ContainerDriver, ContainerSpec } from '../driver.ts';
import { sakerLabels } from '../groups/labels.ts';

export type ConformanceSubject = {
  readonly driver: ContainerDriver;
  /** An image that the host has, and a command of it that runs until it is told to stop. */
  readonly image: string;
  readonly command: readonly string[];
  /** Begins every name, and is different for each run. */
  readonly prefix: string;
};

export type ConformanceCase = {
  readonly name: string;
  readonly run: (subject: ConformanceSubject) => Promise<void>;
};

export const conformanceCases: readonly ConformanceCase[] = [
  {
    name: 'a container is created, started, listed, stopped and removed',
    run: async (subject) => {
      const { driver } = subject;
      const spec = specOf(subject, 'life');
      const id = await driver.create(spec);
      await expectState(driver, id, 'created');
      await driver.start(id);
      await expectState(driver, id, 'running');
      const listed = only(await driver.list(), id);
      assert.deepEqual(pick(listed), { name: spec.name, image: spec.image, state: 'running', ours: spec.labels });
      assert.ok(listed.createdAtMs > 0);
      await driver.stop(id, 0);
      await expectState(driver, id, 'exited');
      assert.equal(only(await driver.list(), id).state, 'exited');
      await driver.remove(id);
      assert.equal(await driver.inspect(id), null);
      assert.equal((await driver.list()).filter((container) => container.id === id).length, 0);
    },
  },
  {
    name: 'a second create of one action returns the container of the first',
    run: async (subject) => {
      const spec = specOf(subject, 'twice');
      const first = await subject.driver.create(spec);
      assert.equal(await subject.driver.create(spec), first);
    },
  },
  {
    name: 'a create under a name that another action has is refused',
    run: async (subject) => {
      const spec = specOf(subject, 'taken');
      await subject.driver.create(spec);
      const other = { ...spec, labels: { ...spec.labels, [sakerLabels.action]: 'another' } };
      await refused(subject.driver.create(other));
    },
  },
  {
    name: 'a create with an image that is not there is refused and leaves nothing',
    run: async (subject) => {
      const spec = { ...specOf(subject, 'imageless'), image: 'saker-no-such-image:never' };
      await refused(subject.driver.create(spec));
      assert.equal(await subject.driver.findByAction(actionOf(spec)), null);
    },
  },
  {
    name: 'a container is found by its action, and nothing by another',
    run: async (subject) => {
      const spec = specOf(subject, 'found');
      const id = await subject.driver.create(spec);
      assert.equal((await subject.driver.findByAction(actionOf(spec)))?.id, id);
      assert.equal(await subject.driver.findByAction(`${actionOf(spec)}-not`), null);
    },
  },
  {
    name: 'start, stop, kill and remove may be repeated',
    run: async (subject) => {
      const { driver } = subject;
      const id = await driver.create(specOf(subject, 'repeated'));
      await driver.start(id);
      await driver.start(id);
      await driver.kill(id);
      await driver.kill(id);
      await driver.stop(id, 0);
      await expectState(driver, id, 'exited');
      await driver.remove(id);
      await driver.remove(id);
      await driver.stop(id, 0);
      await driver.kill(id);
    },
  },
  {
    name: 'a running container is not removed',
    run: async (subject) => {
      const id = await subject.driver.create(specOf(subject, 'busy'));
      await subject.driver.start(id);
      await refused(subject.driver.remove(id));
      await expectState(subject.driver, id, 'running');
      await subject.driver.kill(id);
    },
  },
  {
    name: 'a start of a container that is not there is refused, and an inspect says null',
    run: async ({ driver }) => {
      const id = 'f'.repeat(64);
      await refused(driver.start(id));
      assert.equal(await driver.inspect(id), null);
    },
  },
];

function specOf(subject: ConformanceSubject, name: string): ContainerSpec {
  return {
    name: `${subject.prefix}-${name}`,
    image: subject.image,
    command: subject.command,
    env: { MODE: 'test' },
    labels: { [sakerLabels.action]: `${subject.prefix}-${name}`, [sakerLabels.group]: subject.prefix },
    resources: { cpus: 0.5, memoryBytes: 16 * 1024 * 1024, pids: 32 },
  };
}

function actionOf(spec: ContainerSpec): string {
  return spec.labels[sakerLabels.action] ?? '';
}

/** Labels of an image come on top of ours. */
function pick(container: Container) {
  const ours = Object.fromEntries(Object.entries(container.labels).filter(([key]) => key.startsWith('saker.')));
  return { name: container.name, image: container.image, state: container.state, ours };
}

function only(containers: readonly Container[], id: string): Container {
  const [found, ...others] = containers.filter((container) => container.id === id);
  assert.ok(found !== undefined && others.length === 0, `one container ${id} in the list`);
  return found;
}

async function expectState(driver: ContainerDriver, id: string, state: Container['state']): Promise<void> {
  assert.equal((await driver.inspect(id))?.state, state);
}

async function refused(call: Promise<unknown>): Promise<void> {
  await assert.rejects(call, (error) => isAppError(error, 'DOCKER_REFUSED'));
}
