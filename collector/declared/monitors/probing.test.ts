/** Ports, processes and addresses, each against the real thing. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { createServer as createHttpServer, type Server } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import {
  type HttpMonitor as HttpDefinition,
  type PortMonitor as PortDefinition,
  systemClock,
} from '../../../core/index.ts';
import { HttpMonitor } from './http/http-monitor.ts';
import type { Checked } from './monitor.ts';
import { listeningPorts } from './port/listening.ts';
import { PortMonitor } from './port/port-monitor.ts';
import { ProcessMonitor } from './process/process-monitor.ts';
import { ageOf, ProcessTable, parseStat } from './process/process-table.ts';

const signal = new AbortController().signal;
const clock = systemClock;
const closers: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});
const values = ({ readings }: Checked): Record<string, number> =>
  Object.fromEntries(readings.map(({ metric, value }) => [metric, value]));
const base = { name: 'm', everySeconds: 10, tags: {} } as const;

describe('a port monitor', () => {
  const monitor = (port: number, more: Partial<PortDefinition> = {}): PortMonitor =>
    new PortMonitor(
      { ...base, type: 'port', port, protocol: 'tcp', connect: null, timeoutMs: 500, ...more },
      { clock, procRoot: '/proc' },
    );

  test('sees who listens, and how long a connection takes', async () => {
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const checked = await monitor(port, { connect: '127.0.0.1', tags: { site: 'a' } }).check(signal);
    expect(checked.problem).toBeNull();
    expect(checked.readings[0]).toMatchObject({
      metric: 'net.port.listen',
      tags: { port: String(port), site: 'a' },
      value: 1,
    });
    expect(values(checked)['net.port.connect.ms']).toBeLessThan(500);
    await new Promise((resolve) => server.close(resolve));
    const after = await monitor(port, { connect: '127.0.0.1' }).check(signal);
    expect([values(after), after.problem]).toEqual([{ 'net.port.listen': 0 }, `nobody listens on tcp port ${port}`]);
  });

  test('tells UDP from TCP', async () => {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    const { port } = socket.address();
    closers.push(() => socket.close());
    expect((await monitor(port, { protocol: 'udp' }).check(signal)).readings).toMatchObject([
      { tags: { port: String(port), protocol: 'udp' }, value: 1 },
    ]);
    expect(listeningPorts('/proc', 'tcp').has(port)).toBe(false);
  });

  test('finds nobody where there is no table', () => {
    expect(listeningPorts('/nowhere', 'tcp').size).toBe(0);
  });
});

describe('a process monitor', () => {
  const start = (): Promise<ChildProcess> => {
    const child = spawn('/bin/sleep', ['61.5']);
    closers.push(() => child.kill('SIGKILL'));
    return new Promise((resolve) => child.once('spawn', () => resolve(child)));
  };
  const monitor = (process: string | null, cmdline: string | null): ProcessMonitor =>
    new ProcessMonitor({ ...base, type: 'process', process, cmdline }, new ProcessTable('/proc', clock), clock);

  test('counts by name and by a piece of the command line', async () => {
    await start();
    await start();
    const checked = await monitor('sleep', 'sleep 61.5').check();
    expect(values(checked)).toMatchObject({ 'proc.num': 2, 'proc.threads': 2, 'proc.cpu.cores': Number.NaN });
    expect(values(checked)['proc.mem.rss.bytes']).toBeGreaterThan(100_000);
    expect(values(checked)['proc.fds']).toBeGreaterThanOrEqual(6);
    expect(values(checked)['proc.uptime.s']).toBeLessThan(30);
    expect(checked.readings[0]?.tags).toEqual({ name: 'sleep', cmdline: 'sleep 61.5' });
  });

  test('measures the processor time of those that were there before', async () => {
    // A clock four times as fast: one scan is shared for most of a second.
    const fast = { ...clock, monotonicMs: () => performance.now() * 4 };
    const definition = { ...base, type: 'process', process: null, cmdline: process.argv[1] ?? 'vitest' } as const;
    const own = new ProcessMonitor(definition, new ProcessTable('/proc', fast), fast);
    await own.check();
    const until = performance.now() + 300;
    while (performance.now() < until) Math.sqrt(2);
    expect(values(await own.check())['proc.cpu.cores']).toBeGreaterThan(0.04);
  });

  test('finding nothing is a measurement', async () => {
    const checked = await monitor('no-such-name', null).check();
    expect(checked.problem).toBe('no process fits');
    expect(values(checked)).toMatchObject({ 'proc.num': 0, 'proc.uptime.s': Number.POSITIVE_INFINITY });
  });

  test('reads names with spaces and parentheses, and leaves kernel threads and zombies out', () => {
    const rest = '1 1 0 -1 4194304 0 0 0 0 150 50 0 0 20 0 3 0 5000 1000 25 0';
    const parsed = parseStat(`42 (a) (b c) S 1 ${rest}`);
    expect(parsed).toMatchObject({ pid: 42, name: 'a) (b c' });
    expect(parseStat(`42 (kworker) S 2 ${rest}`)).toBeNull();
    expect(parseStat(`42 (dead) Z 1 ${rest}`)).toBeNull();
    expect(ageOf({ pid: 1, name: '', startTicks: 5000, cpuSeconds: 0, threads: 1, rssPages: 0 }, 60)).toBe(10);
  });
});

describe('an http monitor', () => {
  const serve = async (handler: Parameters<typeof createHttpServer>[1]): Promise<string> => {
    const server: Server = createHttpServer(handler as never);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closers.push(() => {
      server.closeAllConnections();
      server.close();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/health?a=1,2`;
  };
  const monitor = (url: string, more: Partial<HttpDefinition> = {}): HttpMonitor =>
    new HttpMonitor(
      {
        ...base,
        type: 'http',
        url,
        method: 'GET',
        statusMin: 200,
        statusMax: 299,
        body: null,
        verifyCertificate: true,
        timeoutMs: 400,
        ...more,
      },
      { clock, version: '0' },
    );

  test('is well when the status and the body are', async () => {
    const url = await serve((_, response) => response.end('all is well'));
    const checked = await monitor(url, { body: 'is w[a-z]+$', tags: { timeout: '5' } }).check(signal);
    expect(checked.problem).toBeNull();
    expect(values(checked)).toMatchObject({
      'url.check.health': 1,
      'url.check.status': 200,
      'url.check.body.match': 1,
    });
    expect(checked.readings[0]?.tags).toEqual({ url: url.replace(/[=,]/g, '_'), timeout: '5' });
    const other = await monitor(url, { body: 'ill' }).check(signal);
    expect([values(other)['url.check.health'], other.problem]).toEqual([0, 'the body does not match its expression']);
  });

  test('says what is wrong with the answer, or that there is none', async () => {
    const url = await serve((request, response) => {
      if (request.method === 'HEAD') response.writeHead(503).end();
      else response.write('begun and not ended');
    });
    expect((await monitor(url, { method: 'HEAD' }).check(signal)).problem).toBe('status 503, not 200 to 299');
    expect((await monitor(url, { body: 'x' }).check(signal)).problem).toMatch(
      /^no answer: (none within 400 ms|aborted)/,
    );
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const late = await monitor(`http://127.0.0.1:${port}/`).check(signal);
    expect([values(late), late.problem]).toEqual([{ 'url.check.health': 0 }, 'no answer: none within 400 ms']);
    await new Promise((resolve) => {
      silent.close(resolve);
      silent.unref();
      resolve(null);
    });
    expect((await monitor('http://127.0.0.1:1/').check(signal)).problem).toMatch(/^no answer: .*ECONNREFUSED/);
  });
});
