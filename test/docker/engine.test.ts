import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasDocker, type TestDocker, testDocker } from './engine.ts';

test('a harness without an engine says what is missing', () => {
  expect(() => testDocker({})).toThrow('SAKER_TEST_DOCKER_SOCKET');
});

describe.skipIf(!hasDocker)('the engine of the tests', () => {
  let docker: TestDocker;
  let neighbour: TestDocker;

  beforeAll(() => {
    docker = testDocker();
    neighbour = testDocker();
  });
  afterAll(async () => {
    await docker.removeAll();
    await neighbour.removeAll();
  });

  test('starts a container with labels, limits and a name of its own', async () => {
    const id = await docker.start({
      command: ['sleep', '300'],
      name: 'first',
      labels: { 'saker.service': 'web' },
      args: ['--memory=16m'],
    });
    expect(await docker.inspect(id)).toMatchObject({
      Id: id,
      Name: `/${docker.name('first')}`,
      Config: { Labels: { 'saker.service': 'web', ...docker.labels } },
      HostConfig: { Memory: 16 * 1024 * 1024 },
      State: { Running: true },
    });
    expect(await docker.running()).toEqual([id]);
  });

  test('passes arguments through no shell, on neither side', async () => {
    const id = await docker.start({ command: ['sleep', '300'] });
    const text = 'a; touch /tmp/b $(id) "c" \'d\'';
    expect(await docker.exec(id, ['printf', '%s', text])).toBe(text);
    await expect(docker.exec(id, ['ls', '/tmp/b'])).rejects.toThrow('No such file');
  });

  test('rejects with what the engine said', async () => {
    await expect(docker.inspect('not-there')).rejects.toThrow(/docker inspect not-there: .*No such object: not-there/);
  });

  test('carries traffic between containers, and from here to a container', async () => {
    const script = 'echo hello >/www/page; exec httpd -f -p 80 -h /www';
    const server = await docker.start({ command: ['sh', '-c', script] });
    const address = await docker.docker('inspect', '--format', '{{.NetworkSettings.IPAddress}}', server);
    const client = await docker.start({ command: ['sleep', '300'] });
    expect(await docker.exec(client, ['wget', '-q', '-O-', `http://${address}/page`])).toBe('hello');
    expect(await (await fetch(`http://${address}/page`)).text()).toBe('hello\n');
  });

  test('removes its own containers, stopped ones too, and leaves the neighbour alone', async () => {
    const theirs = await neighbour.start({ command: ['sleep', '300'] });
    await docker.start({ command: ['true'] });
    await docker.removeAll();
    expect(await docker.running()).toEqual([]);
    const label = `label=saker-test=${docker.labels['saker-test']}`;
    expect(await docker.docker('ps', '--all', '--quiet', '--filter', label)).toBe('');
    expect(await neighbour.running()).toEqual([theirs]);
  });
});
