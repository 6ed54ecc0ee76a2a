/**
 * A collector whose every sample can be verified by anybody: the value of series `s` at second `t`
 * is a hash of both. It speaks the real protocol and remembers which seconds were acknowledged.
 */
import { once } from 'node:events';
import WebSocket from 'ws';
import {
  ByteWriter,
  Dictionary,
  encodeFrame,
  type Frame,
  open,
  openJson,
  parseAck,
  parseWelcome,
  type Second,
  seal,
  sealJson,
  type TimestampMs,
} from '../../../core/index.ts';

export const oracleValue = (series: number, second: number): number =>
  ((((series * 2_654_435_761) ^ (second * 40_503)) >>> 0) % 100_000) / 100;

export type OracleOptions = {
  readonly url: string;
  readonly token: string;
  readonly name: string;
  readonly seriesCount: number;
  /** What series measure, where that matters; else something that compresses badly. */
  readonly valueAt?: (series: number, second: number) => number;
  /** Told of each acknowledged second. */
  readonly onAcknowledged?: (second: number) => void;
};

export class OracleCollector {
  readonly acknowledged = new Set<number>();
  readonly bootEpoch: number;
  readonly #options: OracleOptions;
  readonly #dictionary: Dictionary;
  readonly #unacknowledged = new Map<number, Frame>();
  readonly #writer = new ByteWriter();
  #socket: WebSocket | null = null;
  #base: Frame | null = null;
  #seq = 0;

  constructor(options: OracleOptions, bootEpoch: number) {
    this.#options = options;
    this.bootEpoch = bootEpoch;
    this.#dictionary = oracleDictionary(options);
  }

  /** Connects, and sends again what was not acknowledged. */
  async connect(): Promise<void> {
    const { url, token, name } = this.#options;
    const socket = new WebSocket(`${url.replace('http', 'ws')}/api/v1/collect`, {
      headers: { authorization: `Bearer ${token}` },
      perMessageDeflate: false,
    });
    socket.on('error', () => {});
    const welcomed = new Promise<number>((resolve, reject) => {
      socket.on('message', (data: Buffer) => {
        const { type, body } = open(new Uint8Array(data));
        if (type === 'welcome') resolve(parseWelcome(openJson(body)).ackedSeq);
        if (type === 'ack') this.#onAck(parseAck(openJson(body)).seq);
      });
      socket.once('close', (_code, reason) => reject(new Error(`closed: ${reason.toString()}`)));
    });
    await once(socket, 'open');
    const hello = { collector: name, bootEpoch: this.bootEpoch, version: 'test', nowMs: Date.now() };
    socket.send(sealJson(this.#writer, 'hello', hello).slice());
    const ackedSeq = await welcomed;
    for (const seq of this.#unacknowledged.keys()) if (seq <= ackedSeq) this.#onAck(seq);
    for (const chunk of this.#dictionary.chunks()) socket.send(sealJson(this.#writer, 'dictionary', chunk).slice());
    this.#socket = socket;
    this.#base = null;
    for (const frame of this.#unacknowledged.values()) this.#transmit(frame);
  }

  get isConnected(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** Takes the tick of a second and sends it when there is a connection. */
  tick(second: number): void {
    const { seriesCount, valueAt = oracleValue } = this.#options;
    const values = Float64Array.from({ length: seriesCount }, (_, series) => valueAt(series, second));
    const frame: Frame = {
      collector: this.#options.name,
      bootEpoch: this.bootEpoch,
      seq: ++this.#seq,
      second: second as Second,
      sentAtMs: Date.now() as TimestampMs,
      generation: 1,
      values,
    };
    this.#unacknowledged.set(frame.seq, frame);
    if (this.isConnected) this.#transmit(frame);
  }

  #transmit(frame: Frame): void {
    const message = seal(this.#writer, 'frame', (writer) => encodeFrame(writer, frame, this.#dictionary, this.#base));
    this.#socket?.send(message.slice());
    this.#base = frame;
  }

  #onAck(seq: number): void {
    const frame = this.#unacknowledged.get(seq);
    if (frame === undefined) return;
    this.acknowledged.add(frame.second);
    this.#unacknowledged.delete(seq);
    this.#options.onAcknowledged?.(frame.second);
  }

  get pendingCount(): number {
    return this.#unacknowledged.size;
  }

  close(): void {
    this.#socket?.terminate();
  }
}

function oracleDictionary({ name, seriesCount }: OracleOptions): Dictionary {
  const dictionary = new Dictionary(1);
  const endpoint = { name, kind: 'host', host: name, state: 'running', labels: {} } as const;
  const series = Array.from({ length: seriesCount }, (_, index) => ({
    endpoint: 0,
    metric: `oracle.m${index}`,
    tags: {},
    decimals: 2 as const,
  }));
  dictionary.apply({ generation: 1, endpoints: [{ index: 0, endpoint }], firstSeries: 0, series });
  return dictionary;
}
