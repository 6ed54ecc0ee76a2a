import { randomBytes } from 'node:crypto';
import { get } from 'node:http';
import { afterAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../core/index.ts';
import { conformanceCases, DockerDriver } from '../../../scaler/index.ts';

const socketPath = process.env.SAKER_TEST_DOCKER_SOCKET ?? '';
const image = process.env.SAKER_TEST_IMAGE ?? '';

describe.skipIf(socketPath === '' || image === '')('the Docker driver on a real engine', () => {
  const prefix = `scaler-conform-${randomBytes(4).toString('hex')}`;
  const driver = new DockerDriver({ socketPath, clock: systemClock });
  const command = ['sleep', '3600'];

  afterAll(async () => {
    for (const container of await driver.list()) {
      if (!container.name.startsWith(prefix)) continue;
      await driver.kill(container.id);
      await driver.remove(container.id);
    }
  });

  test.each(conformanceCases)('$name', async ({ run }) => {
    await run({ driver, image, command, prefix });
  });

  test('a container gets the limits and the confinement of its template, and nothing else', async () => {
    const id = await driver.create({
      name: `${prefix}-limits`,
      image,
      command,
      env: { MODE: 'prod', EMPTY: '' },
      labels: { 'saker.action': `${prefix}-limits` },
      resources: { cpus: 0.5, memoryBytes: 64 * 1024 * 1024, pids: 100 },
    });
    const raw = await fetchJson(`/containers/${id}/json`);
    expect(raw).toMatchObject({
      Config: { Cmd: command, Env: expect.arrayContaining(['MODE=prod', 'EMPTY=']) },
      HostConfig: {
        NanoCpus: 500_000_000,
        Memory: 67_108_864,
        PidsLimit: 100,
        Privileged: false,
        Binds: null,
        CapAdd: null,
        PidMode: '',
        UTSMode: '',
        IpcMode: 'private',
        NetworkMode: 'default',
        SecurityOpt: ['no-new-privileges'],
        RestartPolicy: { Name: 'unless-stopped' },
        LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
      },
    });
  });

  test('an engine that is not there is unavailable, with what to do', async () => {
    const nobody = new DockerDriver({ socketPath: `${socketPath}.nobody`, clock: systemClock });
    await expect(nobody.list()).rejects.toMatchObject({
      code: 'DOCKER_UNAVAILABLE',
      hint: 'start Docker, or give the path of its socket',
    });
  });
});

function fetchJson(path: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    get({ socketPath, path }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve(JSON.parse(text)));
    }).on('error', reject);
  });
}
