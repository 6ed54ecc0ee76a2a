import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  ByteWriter,
  compareFrames,
  Dictionary,
  encodeFrame,
  type Frame,
  open,
  seal,
  sealJson,
  silentLogger,
  type TimestampMs,
  VirtualClock,
} from '../core/index.ts';
import { LiveHub } from './live/live-hub.ts';
import { readBuckets } from './query/buckets.ts';
import { select } from './query/select/select.ts';
import { Realtime } from './realtime.ts';
import { frameOf, START_SECOND } from './testing/frames.ts';

const DAY = 24 * 3600;
const END = START_SECOND + DAY;
const COLLECTORS = ['h1', 'h2', 'h3'];
/** Endpoints that move, also back: who feeds them in each phase. */
const MOVING = [
  { name: 'x', fedBy: ['h1', 'h2', 'h3'] },
  { name: 'y', fedBy: ['h2', 'h1', 'h2'] },
] as const;
const PHASES = 3;
const SERIES_EACH = 2;

/** A host's own endpoint, and both that move. */
function dictionaryFor(host: string): Dictionary {
  const dictionary = new Dictionary(1);
  const names = [host, ...MOVING.map(({ name }) => name)];
  dictionary.apply({
    generation: 1,
    endpoints: names.map((name, index) => ({
      index,
      endpoint: { name, kind: index === 0 ? 'host' : 'container', host, state: 'running', labels: {} },
    })),
    firstSeries: 0,
    series: names.flatMap((_, endpoint) =>
      Array.from({ length: SERIES_EACH }, (_none, at) => ({
        endpoint,
        metric: `m${at}`,
        tags: {},
        decimals: 2 as const,
      })),
    ),
  });
  return dictionary;
}

const told = fc.record({
  collector: fc.constantFrom(...COLLECTORS),
  /** Up to a day late; half of them close together, so that runs tell the same seconds. */
  at: fc.oneof(fc.nat(DAY / PHASES - 400), fc.integer({ min: DAY / PHASES - 450, max: DAY / PHASES - 400 })),
  run: fc.integer({ min: 1, max: 2 }),
  samples: fc.array(fc.option(fc.integer({ min: -500, max: 500 }), { nil: undefined, freq: 4 }), {
    minLength: 6,
    maxLength: 6,
  }),
  again: fc.boolean(),
});
type Told = typeof told extends fc.Arbitrary<infer One> ? One : never;
const phase = fc.record({ frames: fc.array(told, { minLength: 1, maxLength: 25 }), restart: fc.boolean() });

/** The frames of a phase; each number of a run stands for one content. What others feed is absent. */
function framesOf(list: readonly Told[], index: number): { readonly frame: Frame; readonly again: boolean }[] {
  const frames = new Map<string, { frame: Frame; again: boolean }>();
  for (const { collector, at, run, samples, again } of list) {
    const offset = PHASES * at + index;
    const own = samples.map((sample, column) => {
      const moving = MOVING[Math.floor(column / SERIES_EACH) - 1];
      return moving === undefined || moving.fedBy[index] === collector ? sample : undefined;
    });
    const frame = frameOf({ collector, bootEpoch: run, seq: offset + 1, second: START_SECOND + offset, samples: own });
    const key = `${collector}/${run}/${offset}`;
    if (!frames.has(key)) frames.set(key, { frame, again });
  }
  return [...frames.values()];
}

/** A server on a folder, with a connection for each collector. */
async function start(folder: string, clock: VirtualClock) {
  const realtime = await Realtime.open({
    directory: join(folder, 'log'),
    blocksDirectory: join(folder, 'blocks'),
    clock,
    logger: silentLogger,
    hub: new LiveHub(),
    listeners: [],
    historySegment: async () => null,
    fleet: { welcomed: () => {}, reported: () => {}, inventoried: () => {} },
    takeEvents: async () => {},
  });
  const writer = new ByteWriter();
  const connections = COLLECTORS.map((collector) => {
    let acks = 0;
    let isWelcome = false;
    let base: Frame | null = null;
    const dictionary = dictionaryFor(collector);
    const connection = realtime.connect(
      {
        send: (message) => {
          const { type } = open(message);
          if (type === 'ack') acks++;
          if (type === 'welcome') isWelcome = true;
        },
        close: (reason) => expect(reason).toBe('SHUTTING_DOWN'),
      },
      async () => {},
    );
    const hello = { collector, bootEpoch: 2, version: '0', nowMs: clock.nowMs() };
    connection.receive(sealJson(writer, 'hello', hello).slice());
    return {
      collector,
      welcomed: () => isWelcome,
      describe() {
        for (const chunk of dictionary.chunks()) connection.receive(sealJson(writer, 'dictionary', chunk).slice());
      },
      tell(frame: Frame) {
        const sent = { ...frame, sentAtMs: clock.nowMs() as TimestampMs };
        const message = seal(writer, 'frame', (into) => encodeFrame(into, sent, dictionary, base)).slice();
        base = sent;
        connection.receive(message);
      },
      acks: () => acks,
    };
  });
  await settle(() => connections.every(({ welcomed }) => welcomed()));
  for (const connection of connections) connection.describe();
  return { realtime, connections };
}

/** Waits for the disk. */
async function settle(isDone: () => boolean): Promise<void> {
  for (let turns = 0; turns < 5000 && !isDone(); turns++) await new Promise((resolve) => setTimeout(resolve, 1));
  expect(isDone()).toBe(true);
}

/** What is held of a series, by second. */
function held({ ring }: Realtime, endpoint: string, metric: string): Map<number, number> {
  const [located] = select(ring, { endpoints: [endpoint], metrics: [metric] });
  if (located === undefined) return new Map();
  const { count, last } = readBuckets(located, { from: START_SECOND, to: END, step: 1 });
  const samples = Array.from(count, (one, at) => [START_SECOND + at, one > 0 ? last[at] : undefined] as const);
  return new Map(samples.filter((sample): sample is [number, number] => sample[1] !== undefined));
}

/** What frames say of a series: of each collector's second, the one that outranks the others. */
function expected(frames: readonly Frame[], endpoint: string, at: number): Map<number, number> {
  const holding = new Map<string, Frame>();
  for (const frame of frames) {
    const key = `${frame.collector}/${frame.second}`;
    const other = holding.get(key);
    if (other === undefined || compareFrames(frame, other) > 0) holding.set(key, frame);
  }
  const samples = [...holding.values()].flatMap(({ collector, second, values }) => {
    const place = [collector, ...MOVING.map(({ name }) => name)].indexOf(endpoint);
    const value = place < 0 ? Number.NaN : (values[place * SERIES_EACH + at] ?? Number.NaN);
    return Number.isNaN(value) ? [] : [[second, value] as const];
  });
  return new Map(samples.sort(([a], [b]) => a - b));
}

test('frames up to a day late, permuted, repeated, of endpoints that move: as an uncompressed model has it', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'saker-realtime-'));
  const property = fc.asyncProperty(phase, phase, phase, async (...phases) => {
    const folder = await mkdtemp(join(directory, 'run-'));
    const clock = new VirtualClock(END * 1000);
    let server = await start(folder, clock);
    const all: Frame[] = [];
    for (const [index, { frames: list, restart }] of phases.entries()) {
      const frames = framesOf(list, index);
      for (const { collector, tell, acks } of server.connections) {
        const own = frames.filter(({ frame }) => frame.collector === collector);
        const repeated = own.filter(({ again }) => again).reverse();
        const before = acks();
        for (const { frame } of [...own, ...repeated]) tell(frame);
        await settle(() => acks() === before + own.length + repeated.length);
      }
      all.push(...frames.map(({ frame }) => frame));
      // Long enough for an endpoint to be given away.
      await clock.advance(40_000);
      if (!restart) continue;
      await server.realtime.close();
      server = await start(folder, clock);
    }
    await server.realtime.loaded;
    for (const endpoint of [...COLLECTORS, ...MOVING.map(({ name }) => name)]) {
      for (let at = 0; at < SERIES_EACH; at++) {
        const answer = [...held(server.realtime, endpoint, `m${at}`)];
        expect(answer, `${endpoint} m${at}`).toStrictEqual([...expected(all, endpoint, at)]);
      }
    }
    await server.realtime.close();
  });
  try {
    await fc.assert(property, { numRuns: 25 });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}, 60_000);
