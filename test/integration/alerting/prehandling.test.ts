/** A real container that an alert restarts before anybody is woken. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasDocker, type TestDocker, testDocker } from '../../docker/engine.ts';
import { type Receiver, startReceiver } from '../../harness/acting.ts';
import { Saker } from '../../harness/saker.ts';
import { until } from '../../harness/waiting.ts';

describe.skipIf(!hasDocker)('a container that is too busy', () => {
  let docker: TestDocker;
  let saker: Saker;
  let receiver: Receiver;
  let folder = '';

  beforeAll(async () => {
    docker = testDocker();
    receiver = await startReceiver();
    folder = await mkdtemp(join(tmpdir(), 'saker-prehandling-'));
    await writeFile(
      join(folder, 'rules.yaml'),
      `channels: [{ name: room, type: webhook, url: "${receiver.url}", allow_internal: true }]
prehandling: [{ name: restart it, rules: [busy], action: restart, wait: 40s }]
rules:
  - { name: busy, metric: cpu.busy, where: { endpoint: "*${docker.name('busy')}" }, condition: "all(#3) > 50",
      priority: 1, max_step: 1, min_interval: 0s, notify: [room] }
`,
    );
    const flags = ['--rules', join(folder, 'rules.yaml'), '--docker-socket', docker.socket];
    saker = await Saker.start({ flags });
  }, 60_000);

  afterAll(async () => {
    await saker?.stop();
    receiver?.close();
    await docker?.removeAll();
    await rm(folder, { recursive: true, force: true });
  });

  test('is restarted, which helps, and people read of it afterwards', async () => {
    // Busy in its first life only: what it keeps of that is a file.
    const work = '[ -e /tmp/again ] && exec sleep 600; touch /tmp/again; while :; do :; done';
    const id = await docker.start({ name: 'busy', command: ['sh', '-c', work], args: ['--cpus', '0.5'] });
    const startedAt = async () => docker.docker('inspect', '--format', '{{.State.StartedAt}}', id);
    const before = await startedAt();
    await until('the restart', async () => (await startedAt()) !== before, 45_000);
    const report = await until('the report', () => receiver.received[0]?.body, 45_000);
    expect(report).toMatchObject({ kind: 'report', status: 'OK', title: '[P1][OK] busy: "restart it" helped' });
    expect(JSON.stringify(report)).toContain('was restarted');
    expect(receiver.received).toHaveLength(1);
  }, 120_000);
});
