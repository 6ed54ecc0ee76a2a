import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Clock, silentLogger, systemClock } from '../../core/index.ts';
import { ContainerWatch } from './container-watch.ts';
import { DockerHttp } from './docker-http.ts';

/**
 * A socket that answers as Docker's does, recorded, and can be made slow or silent at the moments
 * that matter. That the real Docker behaves so is tested against the real one, across rooms.
 */
const SPEED = 50;
const fastClock: Clock = {
  nowMs: () => systemClock.nowMs(),
  monotonicMs: () => systemClock.monotonicMs() * SPEED,
  after: (delayMs, run) => systemClock.after(delayMs / SPEED, run),
};

let folder: string;
let daemon: Server;
let stop: AbortController;
let watching: Promise<void>;
let watch: ContainerWatch;
/** What the watch said, in order. */
let said: string[];
let asked: string[];
/** Containers that run, with their process numbers. */
let running: Map<string, number>;
let streams: ServerResponse[];
/** Paths that are left without an answer until it is given by hand. */
let held: { readonly pattern: RegExp; readonly answers: (() => void)[] } | null;

function answer(request: IncomingMessage, response: ServerResponse): void {
  const path = request.url ?? '';
  asked.push(path.split('?')[0] ?? '');
  if (path.startsWith('/events')) {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    streams.push(response);
    return;
  }
  const body = bodyFor(path);
  const send = (): void => {
    response.writeHead(body === null ? 404 : 200).end(JSON.stringify(body ?? { message: 'No such container' }));
  };
  if (held?.pattern.test(path)) held.answers.push(send);
  else send();
}

function bodyFor(path: string): unknown {
  if (path === '/version') return { Version: '20.10.24' };
  if (path === '/containers/json') return [...running.keys()].map((Id) => ({ Id }));
  const id = /^\/containers\/(\w+)\/json$/.exec(path)?.[1] ?? '';
  const pid = running.get(id);
  if (pid === undefined) return null;
  return {
    Id: id,
    Name: `/name-${id}`,
    State: { Running: true, Pid: pid, StartedAt: '2026-11-21T00:35:56.256872286Z' },
    Config: { Image: 'busybox', Labels: { a: 'b' } },
    HostConfig: { NetworkMode: 'default' },
  };
}

function emit(action: string, id: string): void {
  const line = JSON.stringify({ Type: 'container', Action: action, Actor: { ID: id, Attributes: {} } });
  streams.at(-1)?.write(`${line}\n`);
}

async function listen(): Promise<void> {
  daemon = createServer(answer);
  await new Promise<void>((resolve) => void daemon.listen(join(folder, 'docker.sock'), resolve));
}

async function hangUp(): Promise<void> {
  daemon.closeAllConnections();
  await new Promise((resolve) => daemon.close(resolve));
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = systemClock.monotonicMs() + 5000;
  while (!condition()) {
    if (systemClock.monotonicMs() > deadline) throw new Error(`never happened: ${what}; said ${said.join(', ')}`);
    await new Promise<void>((resolve) => void systemClock.after(2, resolve));
  }
}

const saying = (words: string): Promise<void> => until(() => said.includes(words), words);

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'saker-collector-'));
  said = [];
  asked = [];
  streams = [];
  held = null;
  running = new Map([['aaa', 11]]);
  stop = new AbortController();
  watch = new ContainerWatch({
    engine: 'docker',
    docker: new DockerHttp(join(folder, 'docker.sock'), fastClock),
    events: {
      connected: (version) => void said.push(`connected ${version}`),
      running: (container) => void said.push(`running ${container.id} ${container.pid}`),
      ended: (id) => void said.push(`ended ${id}`),
      listed: (ids) => void said.push(`listed ${[...ids].join(' ')}`),
    },
    clock: fastClock,
    logger: silentLogger,
    random: () => 0,
  });
  await listen();
});

afterEach(async () => {
  stop.abort();
  await watching;
  await hangUp();
  rmSync(folder, { recursive: true });
});

function start(): void {
  watching = watch.run(stop.signal);
}

describe('the watch over Docker', () => {
  test('finds who runs already, and hears who starts and ends', async () => {
    start();
    await saying('running aaa 11');
    expect(said).toEqual(['connected 20.10.24', 'listed aaa', 'running aaa 11']);
    running.set('bbb', 12);
    emit('start', 'bbb');
    await saying('running bbb 12');
    emit('die', 'aaa');
    await saying('ended aaa');
  });

  test('asks nothing while nothing happens', async () => {
    start();
    await saying('running aaa 11');
    const { length } = asked;
    await new Promise<void>((resolve) => void systemClock.after(60_000 / SPEED, resolve));
    expect(asked).toHaveLength(length);
  });

  test('does not end a container that started after the list was made', async () => {
    held = { pattern: /^\/containers\/json$/, answers: [] };
    start();
    await until(() => held?.answers.length === 1, 'the list is asked for');
    // The list that is on its way was made now, without bbb.
    running.set('bbb', 12);
    emit('start', 'bbb');
    await new Promise<void>((resolve) => void systemClock.after(20, resolve));
    expect(said).toEqual(['connected 20.10.24']);
    for (const send of held.answers) send();
    await saying('running bbb 12');
    expect(said.indexOf('listed aaa')).toBeLessThan(said.indexOf('running bbb 12'));
    expect(said).not.toContain('ended bbb');
  });

  test('believes an end more than an answer that was on its way', async () => {
    start();
    await saying('running aaa 11');
    held = { pattern: /bbb/, answers: [] };
    running.set('bbb', 12);
    emit('start', 'bbb');
    await until(() => held?.answers.length === 1, 'bbb is asked about');
    const [late] = held.answers;
    held = null;
    running.delete('bbb');
    emit('die', 'bbb');
    await saying('ended bbb');
    late?.();
    await until(() => said.filter((words) => words === 'ended bbb').length === 2, 'bbb is asked about again');
    expect(said).not.toContain('running bbb 12');
  });

  test('asks again for a container that was restarted, whose process is another', async () => {
    start();
    await saying('running aaa 11');
    running.set('aaa', 99);
    emit('die', 'aaa');
    emit('start', 'aaa');
    await saying('running aaa 99');
    expect(said.slice(-2)).toEqual(['ended aaa', 'running aaa 99']);
  });

  test('asks again later when Docker hangs over one container, and follows the others meanwhile', async () => {
    start();
    await saying('running aaa 11');
    held = { pattern: /bbb/, answers: [] };
    running.set('bbb', 12).set('ccc', 13);
    emit('start', 'bbb');
    emit('start', 'ccc');
    await saying('running ccc 13');
    await until(() => watch.inspectFailures === 1, 'the question about bbb is given up');
    held = null;
    await saying('running bbb 12');
  });

  test('comes back when Docker was restarted, and ends who is gone', async () => {
    start();
    await saying('running aaa 11');
    await hangUp();
    running = new Map([['ccc', 13]]);
    await listen();
    await saying('running ccc 13');
    expect(said.slice(3)).toEqual(['connected 20.10.24', 'listed ccc', 'running ccc 13']);
    expect(watch.reconnects).toBeGreaterThanOrEqual(1);
  });

  test('waits for a Docker that is not there, and for one that does not answer', async () => {
    await hangUp();
    start();
    await until(() => watch.reconnects >= 2, 'two attempts');
    held = { pattern: /containers.json/, answers: [] };
    await listen();
    await until(() => watch.reconnects >= 4, 'more attempts');
    expect(said.filter((words) => !words.startsWith('connected'))).toEqual([]);
    held = null;
    await saying('running aaa 11');
  });

  test('survives events without sense, in pieces', async () => {
    start();
    await saying('running aaa 11');
    running.set('bbb', 12);
    const stream = streams.at(-1);
    stream?.write('not json\n{"Type":"network","Action":"start","Actor":{"ID":"xxx"}}\nnull\n[]\n');
    stream?.write('{"Type":"container","Action":"start","Actor":{"ID":"../../info"}}\n{"Type":"contai');
    await new Promise<void>((resolve) => void systemClock.after(20, resolve));
    stream?.write('ner","Action":"start","Actor":{"ID":"bbb"}}\n');
    await saying('running bbb 12');
    expect(asked.some((path) => path.includes('info') || path.includes('xxx'))).toBe(false);
  });

  test('gives up a stream that sends a line without an end', async () => {
    start();
    await saying('running aaa 11');
    streams.at(-1)?.write('x'.repeat(1024 * 1024 + 1));
    await until(() => streams.length === 2, 'a second stream');
  });

  test('stops while it waits, and while a question is open', async () => {
    held = { pattern: /version/, answers: [] };
    start();
    await until(() => held?.answers.length === 1, 'a question');
    stop.abort();
    await watching;
    expect(said).toEqual([]);
  });
});
