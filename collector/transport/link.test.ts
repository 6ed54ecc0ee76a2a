import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import {
  ByteWriter,
  type Clock,
  Dictionary,
  decodeFrame,
  type EventBatch,
  type Frame,
  type Hello,
  type HostEvent,
  type Logger,
  type MonitorsMessage,
  open,
  openJson,
  parseDictionaryChunk,
  parseEventBatch,
  parseHello,
  sealJson,
  second,
  systemClock,
} from '../../core/index.ts';
import type { DescribedFrame } from '../sampling/sampler.ts';
import { SeriesRegister } from '../sampling/series-register.ts';
import { ClockOffset } from './clock-offset.ts';
import { EventQueue } from './event-queue.ts';
import { Link } from './link.ts';
import { ResendBuffer } from './resend-buffer.ts';

/** Timers and the monotonic clock run fifty times as fast, so that waits are short and real. */
const SPEED = 50;
const fastClock: Clock = {
  nowMs: () => systemClock.nowMs(),
  monotonicMs: () => systemClock.monotonicMs() * SPEED,
  after: (delayMs, run) => systemClock.after(delayMs / SPEED, run),
};

/** One connection as the server sees it: what came, decoded by the project's own codec. */
class Visit {
  readonly socket: WebSocket;
  readonly authorization: string | undefined;
  hello: Hello | null = null;
  readonly frames: Frame[] = [];
  readonly batches: EventBatch[] = [];
  /** Reports and inventories, as they came. */
  readonly notes: unknown[] = [];
  readonly dictionaries = new Map<number, Dictionary>();
  #base: Frame | null = null;

  constructor(socket: WebSocket, authorization: string | undefined) {
    this.socket = socket;
    this.authorization = authorization;
  }

  receive(message: Buffer): 'hello' | 'dictionary' | 'frame' | 'events' | 'note' {
    const { type, body } = open(message);
    if (type === 'events') {
      this.batches.push(parseEventBatch(openJson(body)));
      return type;
    }
    if (type === 'report' || type === 'inventory') {
      this.notes.push(openJson(body));
      return 'note';
    }
    if (type === 'hello') this.hello = parseHello(openJson(body));
    else if (type === 'dictionary') {
      const chunk = parseDictionaryChunk(openJson(body));
      const dictionary = this.dictionaries.get(chunk.generation) ?? new Dictionary(chunk.generation);
      this.dictionaries.set(chunk.generation, dictionary);
      dictionary.apply(chunk);
    } else {
      this.#base = decodeFrame(body, (header) => this.dictionaries.get(header.generation), this.#base);
      this.frames.push(this.#base);
    }
    return type === 'hello' || type === 'dictionary' ? type : 'frame';
  }

  get seqs(): number[] {
    return this.frames.map((frame) => frame.seq);
  }

  say(type: 'welcome' | 'ack' | 'eventsTaken' | 'monitors' | 'refusal', body: object): void {
    this.socket.send(sealJson(new ByteWriter(), type, body).slice());
  }

  acknowledge(frame: Frame): void {
    this.say('ack', { bootEpoch: frame.bootEpoch, seq: frame.seq, nowMs: systemClock.nowMs(), echoMs: frame.sentAtMs });
  }
}

type Behaviour = { welcomes: boolean; ackedSeq: number; acknowledges: boolean; answersPings: boolean };

let folder: string;
let server: WebSocketServer;
let behaviour: Behaviour;
let visits: Visit[];
let link: Link;
let buffer: ResendBuffer;
let events: EventQueue;
let offset: ClockOffset;
let wanted: MonitorsMessage[];
let log: { readonly level: string; readonly fields: object; readonly message: string }[];
let register: SeriesRegister;
let seq: number;

async function listen(port = 0): Promise<WebSocketServer> {
  const listening = new WebSocketServer({ host: '127.0.0.1', port, autoPong: false });
  listening.on('connection', (socket, request) => {
    const visit = new Visit(socket, request.headers.authorization);
    visits.push(visit);
    socket.on('ping', () => {
      if (behaviour.answersPings) socket.pong();
    });
    socket.on('message', (message: Buffer) => {
      const type = visit.receive(message);
      if (type === 'hello' && behaviour.welcomes) {
        visit.say('welcome', { ackedSeq: behaviour.ackedSeq, nowMs: systemClock.nowMs() });
      }
      const frame = visit.frames.at(-1);
      if (type === 'frame' && behaviour.acknowledges && frame !== undefined) visit.acknowledge(frame);
    });
  });
  await new Promise<void>((resolve) => listening.once('listening', resolve));
  return listening;
}

function portOf(listening: WebSocketServer): number {
  return (listening.address() as AddressInfo).port;
}

async function hangUp(): Promise<void> {
  for (const client of server.clients) client.terminate();
  await new Promise((resolve) => server.close(resolve));
}

function linkTo(address: string): Link {
  const note = (level: string) => (fields: object, message: string) => void log.push({ level, fields, message });
  const logger: Logger = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') };
  return new Link({
    events,
    spool: null,
    server: address,
    tokenFile: join(folder, 'token'),
    collector: 'h',
    bootEpoch: 1_700_000_000_000,
    version: '1.2.3',
    buffer,
    offset,
    clock: fastClock,
    logger,
    random: () => 0,
    onMonitors: (message) => void wanted.push(message),
  });
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'saker-collector-'));
  writeFileSync(join(folder, 'token'), 'secret\n');
  behaviour = { welcomes: true, ackedSeq: 0, acknowledges: true, answersPings: true };
  visits = [];
  log = [];
  wanted = [];
  seq = 0;
  buffer = new ResendBuffer();
  events = new EventQueue();
  offset = new ClockOffset();
  register = new SeriesRegister();
  server = await listen();
  link = linkTo(`ws://127.0.0.1:${portOf(server)}`);
});

afterEach(async () => {
  await link.stop();
  await hangUp();
  rmSync(folder, { recursive: true });
});

/** A tick in which the given containers show one value each. */
function tick(...values: number[]): DescribedFrame {
  const entries = values.map((_, index) =>
    register.endpoint({ name: `h/c${index}`, kind: 'container', host: 'h', state: 'running', labels: {} }),
  );
  register.beginFrame();
  for (const [index, entry] of entries.entries()) {
    if (entry !== null) register.set(register.column(entry, 'cpu.busy'), values[index] ?? Number.NaN);
  }
  const generation = register.generation;
  const frame: Frame = {
    collector: 'h',
    bootEpoch: 1_700_000_000_000,
    seq: ++seq,
    second: second(1_700_000_000 + seq),
    sentAtMs: systemClock.nowMs(),
    generation: generation.dictionary.generation,
    values: register.endFrame(),
  };
  return { frame, generation };
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = systemClock.monotonicMs() + 5000;
  while (!condition()) {
    if (systemClock.monotonicMs() > deadline) throw new Error(`never happened: ${what}`);
    await new Promise<void>((resolve) => void systemClock.after(5, resolve));
  }
}

const opened = (): Promise<void> => until(() => link.isOpen, 'the link opens');

describe('the link to the server', () => {
  test('greets with its token, describes its columns, and sends frames that decode to what was measured', async () => {
    link.start();
    await opened();
    const sent = [tick(12.34, 50), tick(12.34, 60), tick(12.35, 60, 1)];
    for (const described of sent) link.offer(described);
    await until(() => buffer.size === 0, 'all frames are acknowledged');
    const [visit] = visits;
    expect(visit?.authorization).toBe('Bearer secret');
    expect(visit?.hello).toMatchObject({ collector: 'h', bootEpoch: 1_700_000_000_000, version: '1.2.3' });
    expect(visit?.frames.map(({ values }) => [...values])).toEqual(sent.map(({ frame }) => [...frame.values]));
    expect(visit?.dictionaries.get(1)?.identityOf(2)).toEqual({ endpoint: 'h/c2', metric: 'cpu.busy', tags: {} });
    expect(Math.abs(offset.offsetMs)).toBeLessThan(1000);
  });

  test('takes what the server wants watched in the order in which it was said', async () => {
    link.start();
    await opened();
    const inventory = { packages: [], files: [], sysctls: [] };
    const nginx = { name: 'a', everySeconds: 5, tags: {}, type: 'process', process: 'nginx', cmdline: null };
    visits[0]?.say('monitors', { monitors: [{ origin: 'rule', monitor: nginx }], inventory });
    visits[0]?.say('monitors', { monitors: [], inventory });
    await until(() => wanted.length === 2, 'both wishes come');
    expect(wanted.map(({ monitors }) => monitors)).toEqual([[{ origin: 'rule', monitor: nginx }], []]);
  });

  test('says on each connection what was said last of the host', async () => {
    link.note('inventory', { items: { 'kernel.release': '1' } });
    link.start();
    await opened();
    link.note('inventory', { items: { 'kernel.release': '2' } });
    link.note('inventory', { items: { 'a.large': 'x'.repeat(2 ** 20) } });
    expect(log.at(-1)?.message).toContain('than fits into a message');
    await until(() => visits[0]?.notes.length === 2, 'both are said');
    visits[0]?.socket.terminate();
    await until(() => visits[1]?.notes.length === 1, 'the last one is said again');
    expect(visits[1]?.notes).toEqual([{ items: { 'kernel.release': '2' } }]);
  });

  test('keeps frames while there is no server, then sends the newest first and the rest from the oldest', async () => {
    for (let count = 0; count < 5; count++) link.offer(tick(count));
    expect(buffer.size).toBe(5);
    behaviour.acknowledges = false;
    link.start();
    await until(() => visits[0]?.frames.length === 5, 'all frames come');
    expect(visits[0]?.seqs).toEqual([5, 1, 2, 3, 4]);
    expect(visits[0]?.frames.map(({ values }) => values[0])).toEqual([4, 0, 1, 2, 3]);
    expect(buffer.size).toBe(5);
  });

  test('sends the backlog slower than it could, and live frames before it', async () => {
    for (let count = 0; count < 50; count++) link.offer(tick(count));
    behaviour.acknowledges = false;
    link.start();
    await until(() => visits[0]?.frames.length === 21, 'the newest frame and twenty others come');
    link.offer(tick(99));
    await until(() => visits[0]?.frames.length === 42, 'the next tick and twenty others come');
    expect(visits[0]?.seqs[21]).toBe(51);
    link.offer(tick(99));
    await until(() => visits[0]?.frames.length === 52, 'the rest comes');
    expect(new Set(visits[0]?.seqs).size).toBe(52);
  });

  test('sends again on the next connection what was not acknowledged on this one, from a whole frame', async () => {
    behaviour.acknowledges = false;
    link.start();
    await opened();
    for (let count = 0; count < 4; count++) link.offer(tick(count, 7));
    await until(() => visits[0]?.frames.length === 4, 'all frames come');
    const [first] = visits;
    for (const frame of first?.frames.slice(1, 3) ?? []) first?.acknowledge(frame);
    await until(() => buffer.size === 2, 'two of them are acknowledged');
    first?.socket.terminate();
    await until(() => visits[1]?.frames.length === 2, 'the two others come again');
    expect(visits[1]?.seqs).toEqual([4, 1]);
    expect(visits[1]?.frames.map(({ values }) => [...values])).toEqual([
      [3, 7],
      [0, 7],
    ]);
  });

  test('does not send again what the welcome calls durable', async () => {
    for (let count = 0; count < 5; count++) link.offer(tick(count));
    behaviour = { ...behaviour, ackedSeq: 3, acknowledges: false };
    link.start();
    await until(() => visits[0]?.frames.length === 2, 'two frames come');
    expect(visits[0]?.seqs).toEqual([5, 4]);
    expect(buffer.size).toBe(2);
  });

  test('describes older generations of the dictionary to a server that never saw them', async () => {
    link.offer(tick(1, 2));
    const old = register.generation;
    for (let core = 0; core < 1100; core++) {
      const entry = register.endpoint({ name: 'dead', kind: 'container', host: 'h', state: 'running', labels: {} });
      register.beginFrame();
      if (entry !== null) register.set(register.column(entry, 'cpu.busy.core', { core: String(core) }), 1);
    }
    register.endpoint({ name: 'dead', kind: 'container', host: 'h', state: 'gone', labels: {} });
    link.offer(tick(3));
    expect(register.generation).not.toBe(old);
    link.start();
    await until(() => buffer.size === 0, 'both frames are acknowledged');
    expect(visits[0]?.frames.map(({ generation, values }) => [generation, [...values]])).toEqual([
      [2, [3]],
      [1, [1, 2]],
    ]);
  });

  test('tells the server that a container ended, with the next frame', async () => {
    link.start();
    await opened();
    link.offer(tick(1));
    register.endpoint({ name: 'h/c0', kind: 'container', host: 'h', state: 'gone', labels: {} });
    link.offer(tick());
    await until(() => visits[0]?.frames.length === 2, 'both frames come');
    expect(visits[0]?.dictionaries.get(1)?.endpoints[0]?.state).toBe('gone');
  });

  test('splits a dictionary that is too long for one message', async () => {
    link.start();
    await opened();
    const labels = Object.fromEntries(Array.from({ length: 15 }, (_, index) => [`label${index}`, 'v'.repeat(1000)]));
    for (let number = 0; number < 300; number++) {
      register.endpoint({ name: `h/big${number}`, kind: 'container', host: 'h', state: 'running', labels });
    }
    link.offer(tick(1));
    await until(() => visits[0]?.frames.length === 1, 'the frame comes after all of it');
    expect(visits[0]?.dictionaries.get(1)?.endpoints).toHaveLength(301);
  });

  test('comes back after the server was restarted', async () => {
    link.start();
    await opened();
    const port = portOf(server);
    await hangUp();
    await until(() => !link.isOpen, 'the link notices');
    link.offer(tick(1));
    server = await listen(port);
    await until(() => buffer.size === 0, 'the frame is acknowledged');
    expect(visits).toHaveLength(2);
  });

  test('ends a connection on which nothing was heard for 15 s, and comes back', async () => {
    behaviour.answersPings = false;
    link.start();
    await opened();
    await until(() => visits.length > 1, 'a second connection');
    expect(log.some(({ message }) => message.startsWith('no connection'))).toBe(true);
  });

  test('keeps a quiet connection whose server answers pings', async () => {
    link.start();
    await opened();
    await new Promise<void>((resolve) => void systemClock.after(20_000 / SPEED, resolve));
    expect(visits).toHaveLength(1);
  });

  test('does not wait for ever to be welcomed, pings answered or not', async () => {
    behaviour.welcomes = false;
    link.start();
    await until(() => visits.length > 1, 'a second connection');
    expect(visits[0]?.frames).toEqual([]);
  });

  test.each([
    ['text', (visit: Visit) => visit.socket.send('hello')],
    ['garbage', (visit: Visit) => visit.socket.send(Buffer.from([1, 2, 3]))],
    ['an acknowledgement without its fields', (visit: Visit) => visit.say('ack', { seq: 1 })],
    ['a second welcome', (visit: Visit) => visit.say('welcome', { ackedSeq: 0, nowMs: 1 })],
    ['a message beyond 1 MiB', (visit: Visit) => visit.socket.send(Buffer.alloc(1024 * 1024 + 1))],
  ])('survives a server that sends %s', async (_, misbehave) => {
    link.start();
    await opened();
    const [visit] = visits;
    if (visit !== undefined) misbehave(visit);
    await until(() => visits.length === 2 && link.isOpen, 'a second connection');
    link.offer(tick(1));
    await until(() => buffer.size === 0, 'frames are acknowledged as before');
  });

  test('ignores an acknowledgement that is for another run of this collector', async () => {
    behaviour.acknowledges = false;
    link.start();
    await opened();
    link.offer(tick(1));
    await until(() => visits[0]?.frames.length === 1, 'the frame comes');
    visits[0]?.say('ack', { bootEpoch: 5, seq: 1, nowMs: 1, echoMs: 1 });
    link.offer(tick(1));
    await until(() => visits[0]?.frames.length === 2, 'another frame comes');
    expect(buffer.size).toBe(2);
  });

  test('says what to do when the server refuses its token, and reads the file again each time', async () => {
    await link.stop();
    const refusing = createServer();
    let attempts = 0;
    refusing.on('upgrade', (request, socket) => {
      attempts++;
      const status = request.headers.authorization === 'Bearer right' ? '503 Busy' : '401 Unauthorized';
      socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\n\r\n`);
    });
    await new Promise<void>((resolve) => void refusing.listen(0, '127.0.0.1', resolve));
    link = linkTo(`ws://127.0.0.1:${(refusing.address() as AddressInfo).port}`);
    link.start();
    await until(() => attempts === 3, 'three attempts');
    const errors = log.filter(({ level }) => level === 'error');
    expect(errors).toHaveLength(1);
    expect(errors[0]?.fields).toMatchObject({ reason: expect.stringContaining(join(folder, 'token')) });
    writeFileSync(join(folder, 'token'), 'right');
    await until(() => log.some(({ fields }) => JSON.stringify(fields).includes('503')), 'the new token is used');
    await link.stop();
    await new Promise((resolve) => refusing.close(resolve));
  });

  test('waits for a token file that is not there yet', async () => {
    rmSync(join(folder, 'token'));
    link.start();
    await until(() => log.length > 0, 'a complaint');
    expect(log[0]).toMatchObject({ level: 'error', fields: { reason: expect.stringContaining('token file') } });
    writeFileSync(join(folder, 'token'), 'secret');
    await opened();
  });

  test('logs a fatal refusal and tries again after a while', async () => {
    behaviour.welcomes = false;
    link.start();
    await until(() => visits[0]?.hello != null, 'a greeting');
    behaviour.welcomes = true;
    visits[0]?.say('refusal', { code: 'IDENTITY_TAKEN', message: 'another host is called h', fatal: true });
    visits[0]?.socket.close();
    await opened();
    expect(log.find(({ level }) => level === 'error')?.fields).toMatchObject({
      reason: expect.stringContaining('another host is called h (IDENTITY_TAKEN)'),
    });
  });

  test('sends events until they are acknowledged, on another connection if need be', async () => {
    const event = (id: string): HostEvent => ({
      id,
      kind: 'oom_kill',
      severity: 'critical',
      atMs: 1,
      endpoint: 'h/web',
      text: 't',
      line: 'l',
      facts: {},
    });
    for (const id of ['b-1', 'b-2']) events.push(event(id));
    link.start();
    await opened();
    await until(() => visits[0]?.batches.length === 1, 'a batch');
    expect(visits[0]?.batches[0]).toMatchObject({ batch: 1, events: [{ id: 'b-1' }, { id: 'b-2' }] });
    events.push(event('b-3'));
    visits[0]?.socket.terminate();
    await until(() => visits[1]?.batches.length === 1, 'the same events again');
    const [again] = visits[1]?.batches ?? [];
    expect(again?.events.map(({ id }) => id)).toEqual(['b-1', 'b-2', 'b-3']);
    visits[1]?.say('eventsTaken', { batch: again?.batch ?? 0 });
    await until(() => events.size === 0, 'nothing left to tell');
  });

  test('stops while it waits to connect', async () => {
    await hangUp();
    link.start();
    await until(() => log.length > 0, 'a failed attempt');
    await link.stop();
    server = await listen();
    expect(visits).toEqual([]);
  });
});
