import { createServer } from 'node:http';
import type { DecisionsAnswer } from '../../../core/index.ts';
import type { TestDocker } from '../../docker/engine.ts';
import type { Console } from '../../harness/console.ts';
import { until } from '../../harness/waiting.ts';
import type { Figures } from '../figures.ts';

export type Received = {
  readonly atMs: number;
  readonly body: { readonly status?: string; readonly eventTimeMs?: number };
};

/** A phone's stand-in: takes webhooks and notes when. */
export async function startReceiver(): Promise<{ url: string; received: Received[]; close: () => void }> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const atMs = Date.now();
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      received.push({ atMs, body: JSON.parse(text) });
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

/** From the third breaching sample, which the event names, until the webhook's request is there. */
export async function measureAlert(received: Received[], figures: Figures): Promise<void> {
  const problem = await until('the webhook', () => received.find(({ body }) => body.status === 'PROBLEM'), 20_000);
  figures.emit('spine.alert_ms', problem.atMs - (problem.body.eventTimeMs ?? 0), 'ms');
}

/** From the start of the load until the added container runs, by the engine's own time stamps. */
export async function measureScaling(
  docker: TestDocker,
  group: string,
  loadAtMs: number,
  figures: Figures,
): Promise<void> {
  const ids = await until(
    'a second instance',
    async () => {
      const list = await docker.docker('ps', '--quiet', '--filter', `label=saker.group=${group}`);
      const found = list.split('\n').filter((id) => id !== '');
      return found.length >= 2 && found;
    },
    30_000,
  );
  const starts = await Promise.all(ids.map((id) => docker.docker('inspect', '--format', '{{.State.StartedAt}}', id)));
  const newest = Math.max(...starts.map((text) => Date.parse(text)));
  figures.emit('spine.scale_s', (newest - loadAtMs) / 1000, 's');
}

/** Why the group grew, in the words of the decision. */
export async function whyAdded(person: Console, group: string): Promise<string> {
  const { decisions } = await person.get<DecisionsAnswer>(`/api/v1/decisions?group=${group}`);
  return decisions.find(({ kind }) => kind === 'add')?.reason ?? '';
}
