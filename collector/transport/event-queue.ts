/**
 * Events that the server has not acknowledged, in the order in which they happened. One batch is
 * under way at a time; when its connection ends, it is sent again.
 */
import { EVENTS_PER_MESSAGE_MAX, type EventBatch, type HostEvent } from '../../core/index.ts';

/** A kilobyte each. The oldest make room: the newest tell what is wrong now. */
const EVENTS_MAX = 1000;

export class EventQueue {
  readonly #events: HostEvent[] = [];
  #batch = 0;
  /** How many of the first events are under way; 0 when none are. */
  #inFlight = 0;
  /** Events given up because the queue was full. */
  dropped = 0;

  get size(): number {
    return this.#events.length;
  }

  push(event: HostEvent): void {
    this.#events.push(event);
    while (this.#events.length > EVENTS_MAX) {
      this.#events.shift();
      this.dropped++;
      // What is under way stays so: its acknowledgement removes what is left of it.
      this.#inFlight = Math.max(0, this.#inFlight - 1);
    }
  }

  /** The next batch to send, or null when there is none or one is under way. */
  take(): EventBatch | null {
    if (this.#inFlight > 0 || this.#events.length === 0) return null;
    this.#inFlight = Math.min(EVENTS_PER_MESSAGE_MAX, this.#events.length);
    return { batch: ++this.#batch, events: this.#events.slice(0, this.#inFlight) };
  }

  taken(batch: number): void {
    if (batch !== this.#batch) return;
    this.#events.splice(0, this.#inFlight);
    this.#inFlight = 0;
  }

  connectionLost(): void {
    this.#inFlight = 0;
  }
}
