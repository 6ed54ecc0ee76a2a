/** The output of containers, as Docker's default log driver (`json-file`) writes it. */
import { LINE_BYTES_MAX } from './open-log.ts';

/**
 * Puts lines together: Docker writes each as `{"log":"…\n","stream":"stdout","time":"…"}` and cuts
 * what is longer than 16 KiB into several.
 */
export class ContainerLines {
  #begun = '';
  /** Lines that were no such JSON. */
  notJson = 0;

  /** The whole line that ends with this entry, or null. */
  add(entry: string): string | null {
    const text = this.#textOf(entry);
    if (text === null) return null;
    const whole = (this.#begun + text).slice(0, LINE_BYTES_MAX + 1);
    if (!text.endsWith('\n')) {
      this.#begun = whole;
      return null;
    }
    this.#begun = '';
    return whole.replace(/\r?\n$/, '');
  }

  #textOf(entry: string): string | null {
    try {
      const parsed: unknown = JSON.parse(entry);
      if (typeof parsed === 'object' && parsed !== null && 'log' in parsed && typeof parsed.log === 'string') {
        return parsed.log;
      }
    } catch {
      // Counted below, as is JSON of another shape.
    }
    this.notJson++;
    return null;
  }
}
