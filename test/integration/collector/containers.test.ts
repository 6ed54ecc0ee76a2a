import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type {
  CollectorsAnswer,
  EndpointsAnswer,
  EventsAnswer,
  MemoryAnswer,
  QueryRangeAnswer,
} from '../../../core/index.ts';
import { hasDocker, testDocker } from '../../docker/engine.ts';
import { type Agent, startAgent } from '../../harness/agent.ts';
import type { Console } from '../../harness/console.ts';
import { Saker } from '../../harness/saker.ts';
import { until } from '../../harness/waiting.ts';

const HOST = 'watched';

describe.skipIf(!hasDocker)('a collector on real containers', () => {
  let saker: Saker;
  let agent: Agent;
  let person: Console;
  const docker = hasDocker ? testDocker() : null;

  beforeAll(async () => {
    saker = await Saker.start({ command: 'server' });
    person = await saker.signIn();
    agent = startAgent(saker, HOST, docker?.socket ?? '');
    await until('the host', async () => (await endpoints()).some(({ name }) => name === HOST));
  });
  afterAll(async () => {
    await agent?.stop();
    await saker?.stop();
    await docker?.removeAll();
  });

  const endpoints = async () => (await person.get<EndpointsAnswer>('/api/v1/endpoints')).endpoints;
  const byId = (id: string) =>
    until('the container', async () => (await endpoints()).find(({ container }) => container?.id === id));

  /** Seconds in which a series of the endpoint had a sample. */
  async function secondsOf(endpoint: string, metric: string, fromMs: number, toMs: number): Promise<number[]> {
    const select = { endpoints: [endpoint], metrics: [metric] };
    const answer = await person.post<QueryRangeAnswer>('/api/v1/query_range', { select, fromMs, toMs, stepSeconds: 1 });
    const counts = answer.series[0]?.count ?? [];
    return counts.flatMap((count, index) => (count > 0 ? [answer.fromMs / 1000 + index] : []));
  }

  test('sees one that lives for three seconds, with every whole second that it lived through', async () => {
    const id = (await docker?.start({ name: 'brief', command: ['sleep', '3'] })) ?? '';
    const { name } = await byId(id);
    await until('its end', async () => (await endpoints()).find((one) => one.name === name)?.state === 'gone');
    const life = '{{.State.StartedAt}} {{.State.FinishedAt}}';
    const times = (await docker?.docker('inspect', '--format', life, id)) ?? '';
    const [startedMs = 0, endedMs = 0] = times.split(' ').map((time) => Date.parse(time));
    const whole: number[] = [];
    for (let second = Math.ceil(startedMs / 1000); (second + 1) * 1000 <= endedMs; second++) whole.push(second);
    expect(whole.length).toBeGreaterThanOrEqual(2);
    const seen = await secondsOf(name, 'pids.current', startedMs - 2000, endedMs + 2000);
    expect(seen).toEqual(expect.arrayContaining(whole));
  });

  test('tells of a task that was killed for want of memory, whose it was, and counts it', async () => {
    const id =
      (await docker?.start({
        name: 'greedy',
        command: ['sh', '-c', 'tail /dev/zero; sleep 60'],
        labels: { 'saker.service': 'greedy', 'saker.slot': '1' },
        args: ['--memory', '16m', '--memory-swap', '16m'],
      })) ?? '';
    const event = await until('the event', async () => {
      const { events } = await person.get<EventsAnswer>('/api/v1/events?kind=oom_kill&endpoint=greedy.1');
      return events[0];
    });
    expect(event).toMatchObject({
      collector: HOST,
      severity: 'critical',
      facts: { process: 'tail', cause: 'limit', service: 'greedy', container: id.slice(0, 12) },
    });
    expect(Math.abs(event.atMs - Date.now())).toBeLessThan(30_000);
    await until('the counter', async () => {
      const from = event.atMs - 2000;
      return (await secondsOf('greedy.1', 'mem.oom.kills', from, from + 20_000)).length > 0;
    });
    await until('the verdict', async () => (await verdictOf('greedy.1'))?.kind === 'oom_killed', 20_000);
    const { events } = await person.get<EventsAnswer>(`/api/v1/events?host=${HOST}`);
    expect(events.map(({ id }) => id)).toContain(event.id);
  });

  const verdictOf = async (endpoint: string) =>
    (await person.get<MemoryAnswer>(`/api/v1/memory?endpoint=${encodeURIComponent(endpoint)}`)).verdict;

  test.each([
    ['page cache that fills the limit', 'cache_full', 'dd if=/dev/zero of=/file bs=1M count=96; sleep 60'],
    ['anonymous memory near the limit', 'oom_close', 'exec dd if=/dev/zero of=/dev/null bs=61M'],
  ])('tells %s from the other', async (_, kind, script) => {
    const args = ['--memory', '64m', '--memory-swap', '64m', '--cpus', '0.2'];
    const id = (await docker?.start({ command: ['sh', '-c', script], args })) ?? '';
    const { name } = await byId(id);
    await until(`the verdict ${kind}`, async () => (await verdictOf(name))?.kind === kind, 20_000);
    await docker?.docker('rm', '--force', id);
  });

  test('has at least 45 series of a container with limits, and its load average', async () => {
    const args = ['--cpus', '0.2', '--memory', '32m', '--pids-limit', '20'];
    const id = (await docker?.start({ name: 'busy', command: ['sh', '-c', 'while :; do :; done'], args })) ?? '';
    const { name } = await byId(id);
    await until(
      '45 series',
      async () => ((await endpoints()).find((one) => one.name === name)?.seriesCount ?? 0) >= 45,
      30_000,
    );
    await until('a load average each second', async () => {
      const nowMs = Date.now();
      return (await secondsOf(name, 'load.1min', nowMs - 10_000, nowMs)).length > 2;
    });
  });

  test('lets go of containers that come and go by the dozen', async () => {
    const before = await seriesCount();
    for (let round = 0; round < 3; round++) {
      const ids = await Promise.all(
        Array.from({ length: 8 }, () =>
          docker?.start({ command: ['true'], labels: { 'saker.service': 'crowd' }, args: ['--memory', '16m'] }),
        ),
      );
      await docker?.docker('rm', '--force', ...ids.filter((id) => id !== undefined));
    }
    await until('their end', async () => {
      const running = (await endpoints()).filter(({ kind, state }) => kind === 'container' && state === 'running');
      return running.length <= 2;
    });
    expect(await seriesCount()).toBeLessThan(before + 24 * 60);
  });

  async function seriesCount(): Promise<number> {
    const { collectors } = await person.get<CollectorsAnswer>('/api/v1/collectors');
    return collectors.find(({ name }) => name === HOST)?.seriesCount ?? 0;
  }
});
