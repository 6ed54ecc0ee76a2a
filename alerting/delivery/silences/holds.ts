/** The holds in force or planned, in memory as in the state store. */
import type { AlertEvent } from '../../../core/index.ts';
import { type Hold, matchesHold } from './hold.ts';

/** Each event is held against all of them. */
export const HOLDS_MAX = 1000;
/** Alerts that flap have a hold of their own each, found by the alert's id. */
export const FLAP_HOLDS_MAX = 10_000;

export class Holds {
  readonly #general = new Map<string, Hold>();
  readonly #byAlert = new Map<string, Hold>();

  get all(): readonly Hold[] {
    return [...this.#general.values(), ...this.#byAlert.values()];
  }

  get hasRoom(): boolean {
    return this.#general.size < HOLDS_MAX;
  }

  get hasRoomForFlap(): boolean {
    return this.#byAlert.size < FLAP_HOLDS_MAX;
  }

  /** What keeps an event back at a time, the one that ends last; undefined for nothing. */
  of(event: AlertEvent, nowMs: number): Hold | undefined {
    const holds = [...this.#general.values()].filter((hold) => isInForce(hold, nowMs) && matchesHold(hold, event));
    const flap = this.#byAlert.get(event.id);
    if (flap !== undefined && isInForce(flap, nowMs)) holds.push(flap);
    return holds.sort((a, b) => b.endsAtMs - a.endsAtMs)[0];
  }

  get(id: string): Hold | undefined {
    return this.#general.get(id) ?? [...this.#byAlert.values()].find((hold) => hold.id === id);
  }

  flapOf(alertId: string): Hold | undefined {
    return this.#byAlert.get(alertId);
  }

  set(hold: Hold): void {
    const { alertId } = hold.matcher;
    if (hold.kind === 'flap' && alertId !== undefined) this.#byAlert.set(alertId, hold);
    else this.#general.set(hold.id, hold);
  }

  delete(hold: Hold): void {
    const { alertId } = hold.matcher;
    if (hold.kind === 'flap' && alertId !== undefined) this.#byAlert.delete(alertId);
    else this.#general.delete(hold.id);
  }

  /** Those whose end has come. */
  over(nowMs: number): readonly Hold[] {
    return this.all.filter(({ endsAtMs }) => endsAtMs <= nowMs);
  }
}

const isInForce = ({ startsAtMs, endsAtMs }: Hold, nowMs: number): boolean => startsAtMs <= nowMs && nowMs < endsAtMs;
