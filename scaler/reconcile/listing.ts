import { type Clock, describeError } from '../../core/index.ts';
import type { Container, ContainerDriver } from '../driver.ts';

/** Older than this, a list says nothing about now: three refreshes have failed. */
const TRUSTED_MS = 15_000;

/**
 * What the driver last said that there is. One list serves all groups: a host answers one question
 * a few times a minute, not one for each group each second.
 */
export class Listing {
  failureCount = 0;
  readonly #driver: ContainerDriver | null;
  readonly #clock: Clock;
  #containers: readonly Container[] = [];
  #listedMs: number | null = null;
  #error: string | null = null;
  #refreshing: Promise<void> | null = null;
  #version = 0;

  constructor(driver: ContainerDriver | null, clock: Clock) {
    this.#driver = driver;
    this.#clock = clock;
  }

  get containers(): readonly Container[] {
    return this.#containers;
  }

  /** Grows with every answer. */
  get version(): number {
    return this.#version;
  }

  /** Milliseconds since the list was asked for; infinite before the first. */
  get ageMs(): number {
    return this.#listedMs === null ? Number.POSITIVE_INFINITY : this.#clock.monotonicMs() - this.#listedMs;
  }

  /** Why nobody may act on this list; null where it may be trusted. */
  get trouble(): string | null {
    if (this.#driver === null) return 'no Docker engine is configured';
    if (this.#error !== null) return this.#error;
    if (this.#listedMs === null) return `${this.#driver.name} has not answered yet`;
    if (this.ageMs > TRUSTED_MS) return `${this.#driver.name} last answered ${Math.round(this.ageMs / 1000)} s ago`;
    return null;
  }

  /** Asks again; a question that is under way already is waited for. Never rejects. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#ask().finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  /** Asks again, and not before now: for what was done after the last question was put. */
  async refreshAfterChange(): Promise<void> {
    if (this.#refreshing !== null) await this.#refreshing;
    await this.refresh();
  }

  async #ask(): Promise<void> {
    if (this.#driver === null) return;
    const askedMs = this.#clock.monotonicMs();
    try {
      this.#containers = await this.#driver.list();
      this.#listedMs = askedMs;
      this.#error = null;
      this.#version++;
    } catch (error) {
      this.failureCount++;
      this.#error = describeError(error);
    }
  }
}
