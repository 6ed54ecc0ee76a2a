/** Sends the frames of a fleet's host through a real socket, as fast as they are acknowledged. */
import { once } from 'node:events';
import WebSocket from 'ws';
import { ByteWriter, encodeFrame, type Frame, open, openJson, parseAck, seal, sealJson } from '../../../core/index.ts';
import type { FleetHost } from './fleet.ts';

/** Frames that are on their way at a time. */
const UNDER_WAY_MAX = 60;

export type SenderOptions = { readonly url: string; readonly token: string };

export class FrameSender {
  readonly #host: FleetHost;
  readonly #options: SenderOptions;
  readonly #writer = new ByteWriter();
  /** Two frames' values in turn: one is the other's base. */
  #base: Frame | null = null;
  #socket: WebSocket | null = null;
  #underWay = 0;
  #wake: () => void = () => {};
  acknowledged = 0;

  constructor(host: FleetHost, options: SenderOptions) {
    this.#host = host;
    this.#options = options;
  }

  async connect(): Promise<void> {
    const { url, token } = this.#options;
    const socket = new WebSocket(`${url.replace('http', 'ws')}/api/v1/collect`, {
      headers: { authorization: `Bearer ${token}` },
      perMessageDeflate: false,
    });
    this.#socket = socket;
    const welcomed = new Promise<void>((resolve, reject) => {
      socket.on('message', (data: Buffer) => {
        const { type, body } = open(new Uint8Array(data));
        if (type === 'welcome') resolve();
        if (type === 'ack') this.#onAck(parseAck(openJson(body)).seq);
        if (type === 'refusal') reject(new Error(Buffer.from(body).toString()));
      });
    });
    await once(socket, 'open');
    const hello = { collector: this.#host.name, bootEpoch: 1, version: 'bench', nowMs: Date.now() };
    socket.send(sealJson(this.#writer, 'hello', hello).slice());
    await welcomed;
    for (const chunk of this.#host.dictionary.chunks())
      socket.send(sealJson(this.#writer, 'dictionary', chunk).slice());
  }

  #onAck(seq: number): void {
    this.acknowledged = Math.max(this.acknowledged, seq);
    this.#underWay--;
    this.#wake();
  }

  /** Sends ticks `from` up to `to`, and waits until all are acknowledged. */
  async send(from: number, to: number): Promise<void> {
    for (let tick = from; tick < to; tick++) {
      await this.#until(UNDER_WAY_MAX - 1);
      this.#transmit(this.#host.frame(tick));
    }
    await this.#until(0);
  }

  #transmit(taken: Frame): void {
    const frame = { ...taken, values: taken.values.slice() };
    const message = seal(this.#writer, 'frame', (writer) =>
      encodeFrame(writer, frame, this.#host.dictionary, this.#base),
    );
    this.#underWay++;
    this.#socket?.send(message.slice());
    this.#base = frame;
  }

  async #until(underWay: number): Promise<void> {
    while (this.#underWay > underWay) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  close(): void {
    this.#socket?.terminate();
  }
}
