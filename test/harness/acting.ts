import { createServer } from 'node:http';
import type { AlertEvent } from '../../core/index.ts';
import type { TestDocker } from '../docker/engine.ts';
import { until } from './waiting.ts';

export type Received = {
  readonly atMs: number;
  readonly idempotencyKey: string;
  readonly body: AlertEvent & { readonly message: string; readonly url: string };
};

export type Receiver = { readonly url: string; readonly received: Received[]; readonly close: () => void };

/** A phone's stand-in: takes webhooks and notes when. */
export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const atMs = Date.now();
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      const idempotencyKey = String(request.headers['idempotency-key'] ?? '');
      received.push({ atMs, idempotencyKey, body: JSON.parse(text) });
      response.end('ok');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { url: `http://127.0.0.1:${port}/`, received, close: () => server.close() };
}

/** Keeps one core busy inside of a container for a while. */
export async function startLoad(docker: TestDocker, container: string, seconds: number): Promise<void> {
  await docker.docker('exec', '--detach', container, 'timeout', String(seconds), 'sh', '-c', 'while :; do :; done');
}

/** Running instances of a group, newest first, with the moment from which each ran. */
export async function instancesOf(docker: TestDocker, group: string): Promise<{ id: string; startedAtMs: number }[]> {
  const ids = (await docker.docker('ps', '--quiet', '--filter', `label=saker.group=${group}`)).split('\n');
  const found = await Promise.all(
    ids
      .filter((id) => id !== '')
      .map(async (id) => {
        const startedAt = await docker.docker('inspect', '--format', '{{.State.StartedAt}}', id);
        return { id, startedAtMs: Date.parse(startedAt) };
      }),
  );
  return found.sort((a, b) => b.startedAtMs - a.startedAtMs);
}

export function untilInstances(
  docker: TestDocker,
  group: string,
  count: number,
): Promise<{ id: string; startedAtMs: number }[]> {
  const enough = async () => {
    const instances = await instancesOf(docker, group);
    return instances.length >= count && instances;
  };
  return until(`${count} instances of ${group}`, enough, 30_000);
}

/** What a group makes carries no label of the harness but this one, so it is removed by it. */
export async function removeGroup(docker: TestDocker, group: string): Promise<void> {
  const ids = await docker.docker('ps', '--all', '--quiet', '--filter', `label=saker.group=${group}`);
  for (const id of ids.split('\n')) if (id !== '') await docker.docker('rm', '--force', id);
}

export type GroupText = {
  readonly name: string;
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
};

/** A groups file whose groups add one instance after three seconds above 80 % of half a core. */
export const groupsText = (groups: readonly GroupText[]): string =>
  `groups:\n${groups
    .map(
      ({ name, image, labels }) => `  - name: ${name}
    match: { saker.service: ${name} }
    image: ${image}
    command: [sleep, "86400"]
    labels: ${JSON.stringify(labels)}
    resources: { cpus: 0.5, memory: 64MiB }
    min: 1
    max: 2
    policy:
      metric: cpu.busy
      add: { above: 80, consecutive: 3 }
      remove: { below: 60, consecutive: 3 }
`,
    )
    .join('')}`;

/** A rules file that tells `url` when any instance of these services is above 80 % for three seconds. */
export const rulesText = (url: string, service: string): string => `channels:
  - name: phone
    type: webhook
    url: ${url}
    allow_internal: true
rules:
  - name: cpu high
    metric: cpu.busy
    where: { service: "${service}" }
    condition: all(#3) > 80
    priority: 1
    note: CPU of {endpoint} is at {value}
    notify: [phone]
`;
