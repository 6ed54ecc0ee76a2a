/**
 * StatsD over UDP, on the host's loopback. What came since the last tick is summed up in the tick;
 * a gauge stands for five minutes after it was set last.
 */
import { createSocket, type Socket } from 'node:dgram';
import { type Clock, formatTags, isAppError, type Tags } from '../../../../core/index.ts';
import { LineSummary } from '../../monitors/log/line-summary.ts';
import type { ReadingSource } from '../../readings.ts';
import type { Refusals } from '../refusals.ts';
import { parseLine, type StatsdLine } from './statsd-line.ts';

/** Names with tags that are summed up; each has at most six series. */
const NAMES_MAX = 1000;
/** Lines between two ticks: a fifth of a second of a core. */
const LINES_PER_TICK_MAX = 50_000;
const MEMBERS_MAX = 10_000;
const GAUGE_STANDS_MS = 300_000;
const QUANTILES = [0.5, 0.95, 0.99];

type Sums = {
  readonly metric: string;
  readonly tags: Tags;
  readonly type: StatsdLine['type'];
  count: number;
  gauge: number;
  readonly members: Set<string>;
  timer: LineSummary;
  usedAtMs: number;
};

export type StatsdOptions = {
  readonly port: number;
  readonly clock: Clock;
  readonly source: ReadingSource;
  readonly refusals: Refusals;
};

export class StatsdReceiver {
  readonly #options: StatsdOptions;
  readonly #sums = new Map<string, Sums>();
  #socket: Socket | null = null;
  #lines = 0;
  #flushedAtMs: number;

  constructor(options: StatsdOptions) {
    this.#options = options;
    this.#flushedAtMs = options.clock.monotonicMs();
  }

  /** Resolves when it listens. Rejects when the port is taken. */
  listen(): Promise<void> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 1024 * 1024 });
    this.#socket = socket;
    socket.on('message', (packet) => this.#take(packet.toString('utf8')));
    return new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(this.#options.port, '127.0.0.1', () => {
        socket.off('error', reject);
        // What goes wrong with one packet is no reason to end; the next one may be well.
        socket.on('error', () => this.#options.refusals.add('a packet that could not be read'));
        resolve();
      });
    });
  }

  close(): void {
    this.#socket?.close();
    this.#socket = null;
  }

  /** Puts what came since the last tick into the next frame. */
  flush(): void {
    const nowMs = this.#options.clock.monotonicMs();
    const elapsedSeconds = (nowMs - this.#flushedAtMs) / 1000;
    this.#flushedAtMs = nowMs;
    this.#lines = 0;
    if (elapsedSeconds <= 0) return;
    for (const [key, sums] of this.#sums) {
      const isOld = nowMs - sums.usedAtMs > GAUGE_STANDS_MS;
      if (isOld) this.#sums.delete(key);
      else this.#flushOne(sums, elapsedSeconds);
    }
  }

  #flushOne(sums: Sums, elapsedSeconds: number): void {
    const put = (suffix: string, value: number, more: Tags = {}): void => {
      if (Number.isFinite(value)) this.#put(sums.metric + suffix, { ...sums.tags, ...more }, value);
    };
    if (sums.type === 'gauge') return put('', sums.gauge);
    if (sums.type === 'set') put('.unique', sums.members.size);
    else put('.rate', sums.count / elapsedSeconds);
    if (sums.type === 'timer') {
      const { timer } = sums;
      put('.avg', timer.sum / timer.values);
      put('.max', timer.max);
      for (const q of QUANTILES) put('.quantile', timer.quantile(q), { q: String(q) });
      if (timer.values > 0) sums.timer = new LineSummary();
    }
    sums.count = 0;
    sums.members.clear();
  }

  #put(metric: string, tags: Tags, value: number): void {
    try {
      this.#options.source.put({ endpoint: null, metric, tags, value });
    } catch (error) {
      if (!isAppError(error)) throw error;
      const isBudget = error.code === 'SERIES_BUDGET';
      this.#options.refusals.add(isBudget ? 'values of more series than there are places' : error.message);
    }
  }

  #take(packet: string): void {
    const { refusals, clock } = this.#options;
    for (const line of packet.split('\n')) {
      if (line.trim() === '') continue;
      if (++this.#lines > LINES_PER_TICK_MAX) {
        refusals.add(`lines beyond ${LINES_PER_TICK_MAX} a second`);
        continue;
      }
      // Events and checks of DataDog's dialect are no metrics.
      if (line.startsWith('_e{') || line.startsWith('_sc|')) {
        refusals.add('events and service checks, which are no metrics');
        continue;
      }
      const parsed = parseLine(line.trim());
      if (typeof parsed === 'string') refusals.add(parsed);
      else this.#add(parsed, clock.monotonicMs());
    }
  }

  #add(line: StatsdLine, nowMs: number): void {
    const key = `${line.type}/${line.metric}/${formatTags(line.tags)}`;
    let sums = this.#sums.get(key);
    if (sums === undefined) {
      if (this.#sums.size >= NAMES_MAX) return this.#options.refusals.add(`names beyond ${NAMES_MAX}`);
      const { metric, tags, type } = line;
      sums = { metric, tags, type, count: 0, gauge: 0, members: new Set(), timer: new LineSummary(), usedAtMs: nowMs };
      this.#sums.set(key, sums);
    }
    sums.usedAtMs = nowMs;
    for (const value of line.values) this.#addValue(sums, value, line.rate);
  }

  #addValue(sums: Sums, value: string, rate: number): void {
    if (sums.type === 'set') {
      if (sums.members.size < MEMBERS_MAX) sums.members.add(value.slice(0, 255));
      else this.#options.refusals.add(`members beyond ${MEMBERS_MAX} of one set`);
      return;
    }
    const number = Number(value);
    if (sums.type === 'count') sums.count += number / rate;
    if (sums.type === 'gauge') sums.gauge = /^[+-]/.test(value) ? sums.gauge + number : number;
    if (sums.type === 'timer') {
      sums.count += 1 / rate;
      sums.timer.add(number);
    }
  }
}
