import { formatAge, formatDuration, formatFullTime, formatTime } from '../text/format/moment.ts';
import { formatQuantity, formatShare } from '../text/format/quantity.ts';
import type { Preferences } from './preferences.svelte.ts';
import type { ServerTime } from './server/server-time.svelte.ts';

/** Values and times in the words of the chosen language. Ages move by themselves, once a second. */
export class Speech {
  readonly #preferences: Preferences;
  readonly #time: ServerTime;

  constructor(preferences: Preferences, time: ServerTime) {
    this.#preferences = preferences;
    this.#time = time;
  }

  quantity(value: number, unit: string | null): string {
    return formatQuantity(value, unit, this.#preferences.words.units);
  }

  share(value: number, whole: number, unit: string): string {
    return formatShare(value, whole, unit, this.#preferences.words.units);
  }

  duration(durationMs: number): string {
    return formatDuration(durationMs, this.#preferences.words.time);
  }

  /** `3 m 12 s ago`. */
  age(atMs: number): string {
    return formatAge(this.#time.secondMs - atMs, this.#preferences.words.time);
  }

  /** `15:06:07`, with the date when it is another day. */
  time(atMs: number): string {
    return formatTime(atMs, this.#time.secondMs, this.#preferences.language);
  }

  fullTime(atMs: number): string {
    return formatFullTime(atMs, this.#preferences.language);
  }
}
