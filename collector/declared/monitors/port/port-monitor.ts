import { connect, type Socket } from 'node:net';
import type { Clock, PortMonitor as Definition } from '../../../../core/index.ts';
import { type Checked, type Monitor, reading } from '../monitor.ts';
import { listeningPorts } from './listening.ts';

export type PortMonitorOptions = { readonly clock: Clock; readonly procRoot: string };

/** Whether somebody listens on a port of this host, and how long a connection to it takes. */
export class PortMonitor implements Monitor {
  readonly #definition: Definition;
  readonly #options: PortMonitorOptions;

  constructor(definition: Definition, options: PortMonitorOptions) {
    this.#definition = definition;
    this.#options = options;
  }

  async check(signal: AbortSignal): Promise<Checked> {
    const { port, protocol, connect: target } = this.#definition;
    // As Open-Falcon names it: only `port=` for TCP.
    const named = protocol === 'tcp' ? { port: String(port) } : { port: String(port), protocol };
    const tags = { ...named, ...this.#definition.tags };
    const isListening = listeningPorts(this.#options.procRoot, protocol).has(port);
    const listens = reading('net.port.listen', tags, isListening ? 1 : 0);
    const problem = isListening ? null : `nobody listens on ${protocol} port ${port}`;
    if (target === null || protocol === 'udp') return { readings: [listens], problem };
    try {
      const ms = await this.#connectMs(target, signal);
      return { readings: [listens, reading('net.port.connect.ms', tags, ms)], problem };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return { readings: [listens], problem: problem ?? `no connection to ${target}:${port}: ${why}` };
    }
  }

  close(): void {}

  #connectMs(host: string, signal: AbortSignal): Promise<number> {
    const { clock } = this.#options;
    const { port, timeoutMs } = this.#definition;
    const startedAtMs = clock.monotonicMs();
    return new Promise((resolve, reject) => {
      const socket: Socket = connect({ host, port, signal });
      const cancel = clock.after(timeoutMs, () => socket.destroy(new Error(`no answer within ${timeoutMs} ms`)));
      socket.once('connect', () => {
        resolve(clock.monotonicMs() - startedAtMs);
        socket.destroy();
      });
      socket.once('error', reject);
      socket.once('close', cancel);
    });
  }
}
