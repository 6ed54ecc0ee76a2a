/**
 * Reads the fields of one object that a person wrote, each with its bounds, and notes what is wrong
 * with them. A field at fault reads as undefined; the caller goes on.
 */
import type { Faults, Path } from './yaml-text.ts';

export type TextBounds = {
  readonly required?: boolean;
  readonly max?: number;
  readonly form?: RegExp;
  /** What to write where `form` does not fit. */
  readonly advice?: string;
  /** What messages call the field, where its key says nothing. */
  readonly label?: string;
};

const unitSeconds: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 };

export class ObjectReader {
  readonly path: Path;
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #faults: Faults;
  /** How messages call the object: `a port monitor`. */
  readonly #what: string;

  private constructor(fields: Readonly<Record<string, unknown>>, at: { path: Path; faults: Faults; what: string }) {
    this.#fields = fields;
    this.path = at.path;
    this.#faults = at.faults;
    this.#what = at.what;
  }

  /** Undefined, with a fault noted, for what is no object. */
  static of(value: unknown, at: { path: Path; faults: Faults; what: string }): ObjectReader | undefined {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return new ObjectReader(value as Record<string, unknown>, at);
    }
    at.faults.add(at.path, `${at.what} must be keys with values; write "key: value", one a line`);
    return undefined;
  }

  get keys(): readonly string[] {
    return Object.keys(this.#fields);
  }

  /** The same object under another name, for messages. */
  as(what: string): ObjectReader {
    return new ObjectReader(this.#fields, { path: this.path, faults: this.#faults, what });
  }

  fault(key: string, message: string): undefined {
    this.#faults.add([...this.path, key], message);
    return undefined;
  }

  rejectUnknown(known: readonly string[]): void {
    for (const key of this.keys) {
      if (!known.includes(key))
        this.fault(key, `unknown key "${key}" in ${this.#what}; the keys are ${known.join(', ')}`);
    }
  }

  text(key: string, bounds: TextBounds = {}): string | undefined {
    const value = this.#value(key, bounds.required === true);
    const name = bounds.label ?? key;
    if (value === undefined) return undefined;
    if (typeof value === 'object') return this.fault(key, `"${name}" must be text; put it in quotes`);
    const text = String(value);
    if (text === '') return this.fault(key, `"${name}" is empty; write a value or remove the line`);
    const max = bounds.max ?? 255;
    if (text.length > max) return this.fault(key, `"${name}" has ${text.length} characters; ${max} at most`);
    if (bounds.form?.test(text) !== false) return text;
    return this.fault(
      key,
      `"${name}" is ${JSON.stringify(text)}; write ${bounds.advice ?? `what fits ${bounds.form}`}`,
    );
  }

  integer(
    key: string,
    bounds: { readonly min: number; readonly max: number; readonly required?: boolean },
  ): number | undefined {
    const value = this.#value(key, bounds.required === true);
    if (value === undefined) return undefined;
    const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
    const isFit =
      typeof number === 'number' && Number.isInteger(number) && number >= bounds.min && number <= bounds.max;
    if (isFit) return number;
    return this.fault(key, `"${key}" is ${shown(value)}; write a whole number from ${bounds.min} to ${bounds.max}`);
  }

  /** `10`, `10s`, `500ms`, `2m`: seconds. */
  seconds(key: string, bounds: { readonly min: number; readonly max: number }): number | undefined {
    const value = this.#value(key, false);
    if (value === undefined) return undefined;
    const [, digits = '', unit = 's'] = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)?$/.exec(String(value)) ?? [];
    const seconds = digits === '' ? Number.NaN : Number(digits) * (unitSeconds[unit] ?? Number.NaN);
    if (seconds >= bounds.min && seconds <= bounds.max) return seconds;
    return this.fault(
      key,
      `"${key}" is ${shown(value)}; write a time from ${bounds.min}s to ${bounds.max}s, like 10s or 2m`,
    );
  }

  boolean(key: string): boolean | undefined {
    const value = this.#value(key, false);
    if (value === undefined || typeof value === 'boolean') return value;
    return this.fault(key, `"${key}" is ${shown(value)}; write true or false`);
  }

  oneOf<Choice extends string>(key: string, choices: readonly Choice[], required = false): Choice | undefined {
    const value = this.#value(key, required);
    if (value === undefined) return undefined;
    const found = choices.find((choice) => choice === value);
    return found ?? this.fault(key, `"${key}" is ${shown(value)}; write ${listOf(choices)}`);
  }

  /** A list of texts; one text alone counts as a list of one. */
  texts(key: string, bounds: TextBounds & { readonly itemsMax: number }): readonly string[] | undefined {
    const value = this.#value(key, bounds.required === true);
    if (value === undefined) return undefined;
    const items = Array.isArray(value) ? value : [value];
    if (items.length > bounds.itemsMax) {
      return this.fault(key, `"${key}" has ${items.length} entries; ${bounds.itemsMax} at most`);
    }
    const holder = { path: [...this.path, key], faults: this.#faults, what: key };
    const reader = new ObjectReader(Object.fromEntries(items.map((item, index) => [String(index), item])), holder);
    const found = items.flatMap(
      (_, index) => reader.text(String(index), { ...bounds, required: true, label: key }) ?? [],
    );
    return found.length === items.length ? found : undefined;
  }

  numbers(
    key: string,
    bounds: { readonly above: number; readonly below: number; readonly itemsMax: number },
  ): readonly number[] | undefined {
    const value = this.#value(key, false);
    if (value === undefined) return undefined;
    const items: readonly unknown[] = Array.isArray(value) ? value : [value];
    const isFit = (item: unknown): item is number =>
      typeof item === 'number' && item > bounds.above && item < bounds.below;
    if (items.length <= bounds.itemsMax && items.every(isFit)) return items;
    return this.fault(
      key,
      `"${key}" must be at most ${bounds.itemsMax} numbers between ${bounds.above} and ${bounds.below}`,
    );
  }

  /** A map of texts, as labels and tags are. */
  map(
    key: string,
    bounds: { readonly entriesMax: number; readonly keyForm: RegExp; readonly valueForm: RegExp },
  ): Record<string, string> | undefined {
    const reader = this.object(key);
    if (reader === undefined) return undefined;
    if (reader.keys.length > bounds.entriesMax) {
      return this.fault(key, `"${key}" has ${reader.keys.length} entries; ${bounds.entriesMax} at most`);
    }
    const found: Record<string, string> = {};
    for (const name of reader.keys) {
      if (!bounds.keyForm.test(name)) reader.fault(name, `"${name}" is no name that "${key}" may hold`);
      const text = reader.text(name, { form: bounds.valueForm, advice: 'text without a comma and without =' });
      if (text !== undefined) found[name] = text;
    }
    return found;
  }

  object(key: string, what = `"${key}"`): ObjectReader | undefined {
    const value = this.#value(key, false);
    if (value === undefined) return undefined;
    return ObjectReader.of(value, { path: [...this.path, key], faults: this.#faults, what });
  }

  /** The objects of a list. */
  list(key: string, what: string, itemsMax: number): readonly ObjectReader[] {
    const value = this.#value(key, false);
    if (value === undefined) return [];
    if (!Array.isArray(value)) {
      this.fault(key, `"${key}" must be a list; begin each entry with "- name: …"`);
      return [];
    }
    if (value.length > itemsMax) {
      this.fault(key, `"${key}" has ${value.length} entries; ${itemsMax} at most`);
      return [];
    }
    return value.flatMap((item, index) => {
      return ObjectReader.of(item, { path: [...this.path, key, index], faults: this.#faults, what }) ?? [];
    });
  }

  /** Undefined for what is not there, or is there and empty. */
  #value(key: string, isRequired: boolean): unknown {
    const value = Object.hasOwn(this.#fields, key) ? this.#fields[key] : undefined;
    if (value === null) return this.fault(key, `"${key}" is empty; write a value or remove the line`);
    if (value === undefined && isRequired) this.#faults.add(this.path, `${this.#what} lacks "${key}"; add "${key}: …"`);
    return value;
  }
}

const shown = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 80);

/** `a, b or c`. */
function listOf(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}
