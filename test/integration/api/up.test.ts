import { existsSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import type { EndpointsAnswer, LiveMessage, QueryRangeAnswer } from '../../../core/index.ts';
import { Saker } from '../../harness/saker.ts';
import { until } from '../../harness/waiting.ts';

let saker: Saker | null = null;
afterEach(async () => {
  await saker?.stop();
  saker = null;
});

const noDocker = ['--docker-socket', '/nonexistent/docker.sock'];

describe('saker up', () => {
  test('shows this host’s samples by the second, over the API and live, without Docker', async () => {
    saker = await Saker.start({ flags: [...noDocker, '--name', 'this-host'] });
    const person = await saker.signIn();
    const host = await until('the host', async () => {
      const { endpoints } = await person.get<EndpointsAnswer>('/api/v1/endpoints');
      return endpoints.find(({ kind }) => kind === 'host');
    });
    expect(host).toMatchObject({ name: 'this-host', state: 'running', system: { docker: null } });

    const ticks: Extract<LiveMessage, { type: 'tick' }>[] = [];
    const select = { endpoints: ['this-host'], metrics: ['cpu.busy', 'mem.memused.percent'] };
    const socket = await person.live({ type: 'subscribe', id: 1, select }, (message) => {
      if (message.type === 'tick') ticks.push(message);
    });
    await until('four live ticks', () => ticks.length >= 4);
    socket.close();
    const seconds = ticks.map(({ second }) => second);
    expect(seconds).toStrictEqual(seconds.map((_, index) => (seconds[0] ?? 0) + index));

    const last = seconds.at(-1) ?? 0;
    const answer = await person.post<QueryRangeAnswer>('/api/v1/query_range', {
      select,
      fromMs: (last - 2) * 1000,
      toMs: (last + 1) * 1000,
    });
    expect(answer.stepSeconds).toBe(1);
    expect(answer.series.map(({ metric, unit }) => [metric, unit]).sort()).toStrictEqual([
      ['cpu.busy', 'percent'],
      ['mem.memused.percent', 'percent'],
    ]);
    for (const series of answer.series) expect(series.count).toStrictEqual([1, 1, 1]);
  });

  test('tells where to click, how to sign in, where data lies and what was found', async () => {
    saker = await Saker.start({ flags: [...noDocker] });
    const running = saker;
    const text = await until('the welcome', () => running.output.includes('Ctrl-C stops everything') && running.output);
    expect(text).toContain(saker.url);
    expect(text).toMatch(/one-time code\s+\S{8}/);
    expect(text).toContain(saker.dataDirectory);
    expect(text).toMatch(/Host\s+\S+, \d+ cores?, cgroup v[12]/);
    expect(text).toMatch(/Docker\s+no answer at \/nonexistent\/docker\.sock/);
  });

  test('starts each process again when it dies, and leaves none behind when it stops', async () => {
    saker = await Saker.start({ flags: noDocker });
    const running = saker;
    const before = await until('three processes', async () => {
      const found = await running.processes();
      return found.size === 3 && found;
    });
    for (const [name, pid] of before) {
      process.kill(pid, 'SIGKILL');
      await until(`a new ${name}`, async () => {
        const now = (await running.processes()).get(name);
        return now !== undefined && now !== pid;
      });
    }
    await saker.ready();
    const last = await until('three processes again', async () => {
      const found = await running.processes();
      return found.size === 3 && found;
    });
    expect(await saker.stop('SIGINT')).toBe(0);
    for (const pid of last.values()) expect(existsSync(`/proc/${pid}`)).toBe(false);
  });

  test('leaves no process behind when its supervisor is killed', async () => {
    saker = await Saker.start({ flags: noDocker });
    const children = [...(await saker.processes()).values()];
    process.kill(saker.pid, 'SIGKILL');
    await until('the end of all processes', () => children.every((pid) => !existsSync(`/proc/${pid}`)));
  });

  test('refuses a port and a data folder that are in use, with what to do', async () => {
    saker = await Saker.start({ flags: noDocker });
    const port = Number(new URL(saker.url).port);
    await expect(Saker.start({ flags: noDocker, dataDirectory: saker.dataDirectory })).rejects.toThrow(
      /uses this data folder/,
    );
    await expect(Saker.start({ flags: noDocker, port })).rejects.toThrow(/another program listens on/);
  });
});
