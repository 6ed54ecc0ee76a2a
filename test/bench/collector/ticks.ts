import type { LiveMessage } from '../../../core/index.ts';
import type { Console } from '../../harness/console.ts';
import { type Figures, percentile } from '../figures.ts';

/** How many seconds had a tick, and how late these began, as the collector's own series tell. */
export class TickWatch {
  readonly #lateMs: number[] = [];
  readonly #seconds = new Set<number>();
  #socket: { close(): void } | null = null;

  static async start(person: Console, host: string): Promise<TickWatch> {
    const watch = new TickWatch();
    const select = { endpoints: [host], metrics: ['agent.tick.late.ms'] };
    watch.#socket = await person.live({ type: 'subscribe', id: 1, select }, (message) => watch.#heard(message));
    return watch;
  }

  #heard(message: LiveMessage): void {
    if (message.type !== 'tick') return;
    this.#seconds.add(message.second);
    for (const value of message.values) if (typeof value === 'number') this.#lateMs.push(value);
  }

  end(figures: Figures): void {
    this.#socket?.close();
    const seconds = [...this.#seconds];
    figures.emit('collector.ticks_due', Math.max(...seconds) - Math.min(...seconds) + 1, 'ticks');
    figures.emit('collector.ticks_taken', seconds.length, 'ticks');
    figures.emit('collector.jitter_p50_ms', percentile(this.#lateMs, 0.5), 'ms');
    figures.emit('collector.jitter_p99_ms', percentile(this.#lateMs, 0.99), 'ms');
  }
}
