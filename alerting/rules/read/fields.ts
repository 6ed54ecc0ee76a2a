/**
 * Reads the fields of one YAML map, each with its bounds, and notes what is wrong with them at
 * the place where it stands. A field at fault reads as undefined; the caller goes on.
 */
import { type Alias, isAlias, isMap, isScalar, isSeq, type Node, type Pair, type Scalar, YAMLMap } from 'yaml';
import { listOf, nearestName, type Written } from '../../../core/index.ts';
import type { Source } from './source.ts';

export type TextBounds = { readonly required?: boolean; readonly max?: number };
export type IntegerBounds = { readonly min: number; readonly max: number };

export class Fields {
  readonly offset: number;
  readonly #source: Source;
  readonly #resolve: (node: unknown) => unknown;
  /** How messages call the map: `a rule`, `where`. */
  readonly #what: string;
  readonly #pairs = new Map<string, { readonly keyOffset: number; readonly value: unknown }>();

  private constructor(source: Source, map: YAMLMap, what: string, resolve: (node: unknown) => unknown) {
    this.#source = source;
    this.#what = what;
    this.#resolve = resolve;
    this.offset = offsetOf(map);
    for (const pair of map.items) this.#add(pair);
  }

  /** The fields of a node that must be a map; notes the fault and returns undefined where it is none. */
  static of(source: Source, node: unknown, what: string, resolve: (node: unknown) => unknown): Fields | undefined {
    const target = resolve(node);
    if (isMap(target)) return new Fields(source, target, what, resolve);
    source.fault(offsetOf(target), `${what} must be keys with values; write "key: value", one a line`);
    return undefined;
  }

  get keys(): Iterable<string> {
    return this.#pairs.keys();
  }

  /** The node under a key, as it stands; undefined when the key is absent. */
  value(key: string): unknown {
    return this.#pairs.get(key)?.value;
  }

  /** The text under `name`, without a word about its faults. */
  get nameAsWritten(): string | undefined {
    const scalar = this.#resolve(this.value('name'));
    return isScalar(scalar) && textOf(scalar) !== '' ? textOf(scalar) : undefined;
  }

  /** Offset of the key, or of the map where the key is missing. */
  offsetOfKey(key: string): number {
    return this.#pairs.get(key)?.keyOffset ?? this.offset;
  }

  fault(key: string, message: string): void {
    this.#source.fault(this.offsetOfKey(key), message);
  }

  faultAt(offset: number, message: string): void {
    this.#source.fault(offset, message);
  }

  /** Notes every key that is not among `known`; `hints` tells where a key of that name belongs instead. */
  rejectUnknown(known: readonly string[], hints: Readonly<Record<string, string>> = {}): void {
    for (const key of this.#pairs.keys()) {
      if (known.includes(key)) continue;
      const near = nearestName(key, known);
      const advice =
        hints[key] ?? (near === undefined ? `the keys are ${known.join(', ')}` : `did you mean "${near}"?`);
      this.fault(key, `unknown key "${key}" in ${this.#what}; ${advice}`);
    }
  }

  /** A scalar as written: `core: 0` and `core: "0"` both read `0`. */
  written(key: string, bounds: TextBounds = {}): Written | undefined {
    const found = this.#pairs.get(key);
    if (found === undefined) {
      if (bounds.required) this.#source.fault(this.offset, `${this.#what} lacks "${key}"; add "${key}: …"`);
      return undefined;
    }
    const scalar = this.#resolve(found.value);
    if (!isScalar(scalar)) {
      const advice = isMap(scalar) || isSeq(scalar) ? 'put it in quotes if it begins with { or [' : 'write some text';
      this.#source.fault(found.keyOffset, `"${key}" must be text; ${advice}`);
      return undefined;
    }
    const text = textOf(scalar);
    const offset = offsetOf(scalar) + (scalar.type === 'QUOTE_DOUBLE' || scalar.type === 'QUOTE_SINGLE' ? 1 : 0);
    if (text === '') return this.#refuse(found.keyOffset, `"${key}" is empty; write a value or remove the line`);
    const max = bounds.max ?? 255;
    if (text.length > max) return this.#refuse(offset, `"${key}" has ${text.length} characters; ${max} at most`);
    return { text, offset };
  }

  text(key: string, bounds: TextBounds = {}): string | undefined {
    return this.written(key, bounds)?.text;
  }

  integer(key: string, bounds: IntegerBounds): number | undefined {
    const written = this.written(key);
    if (written === undefined) return undefined;
    const value = /^[+-]?\d{1,15}$/.test(written.text) ? Number(written.text) : Number.NaN;
    if (value >= bounds.min && value <= bounds.max) return value;
    const range = `a whole number from ${bounds.min} to ${bounds.max}`;
    return this.#refuse(written.offset, `"${key}" is "${written.text}"; write ${range}`);
  }

  boolean(key: string): boolean | undefined {
    const written = this.written(key);
    if (written === undefined) return undefined;
    if (written.text === 'true' || written.text === 'false') return written.text === 'true';
    return this.#refuse(written.offset, `"${key}" is "${written.text}"; write true or false`);
  }

  oneOf<Choice extends string>(key: string, choices: readonly Choice[], bounds: TextBounds = {}): Choice | undefined {
    const written = this.written(key, bounds);
    if (written === undefined) return undefined;
    const found = choices.find((choice) => choice === written.text);
    if (found !== undefined) return found;
    const near = nearestName(written.text, choices);
    const advice = near === undefined ? `write ${listOf(choices)}` : `did you mean "${near}"?`;
    return this.#refuse(written.offset, `"${key}" is "${written.text}"; ${advice}`);
  }

  /** A list of texts, each with its offset; one text alone counts as a list of one. */
  texts(key: string, itemsMax: number): readonly Written[] {
    const found = this.#pairs.get(key);
    const node = this.#resolve(found?.value);
    if (found === undefined) return [];
    const items = isSeq(node) ? node.items : [node];
    if (items.length > itemsMax) {
      this.fault(key, `"${key}" has ${items.length} entries; ${itemsMax} at most`);
      return [];
    }
    return items.flatMap((item) => {
      const scalar = this.#resolve(item);
      if (isScalar(scalar) && textOf(scalar) !== '') return [{ text: textOf(scalar), offset: offsetOf(scalar) }];
      this.fault(key, `"${key}" must be a list of names; write ${key}: [a, b]`);
      return [];
    });
  }

  /** A list of maps; a bare text in it counts as a map with that under `key`. */
  maps(name: string, itemsMax: number, key: string): readonly Fields[] {
    const found = this.#pairs.get(name);
    const node = this.#resolve(found?.value);
    if (found === undefined) return [];
    const items = isSeq(node) ? node.items : [node];
    if (items.length > itemsMax) {
      this.fault(name, `"${name}" has ${items.length} entries; ${itemsMax} at most`);
      return [];
    }
    return items.flatMap((item) => {
      const entry = this.#resolve(item);
      if (isScalar(entry)) return [Fields.#ofOne(this, key, entry)];
      return Fields.of(this.#source, entry, `an entry of "${name}"`, this.#resolve) ?? [];
    });
  }

  static #ofOne(parent: Fields, key: string, value: Scalar): Fields {
    const one = new Fields(parent.#source, new YAMLMap(), parent.#what, parent.#resolve);
    one.#pairs.set(key, { keyOffset: offsetOf(value), value });
    return one;
  }

  /** The maps of a list under a key; notes the fault of each entry that is none. */
  list(key: string, what: string, max: number): readonly Fields[] {
    const found = this.#pairs.get(key);
    if (found === undefined) return [];
    const node = this.#resolve(found.value);
    if (!isSeq(node)) {
      const advice = isMap(node)
        ? 'begin each entry with "- name: …"'
        : 'write a list, each entry beginning with "- name: …"';
      this.fault(key, `"${key}" must be a list; ${advice}`);
      return [];
    }
    if (node.items.length > max) {
      this.#source.fault(offsetOf(node), `${node.items.length} ${key}; ${max} at most`);
      return [];
    }
    return node.items.flatMap((item) => Fields.of(this.#source, item, what, this.#resolve) ?? []);
  }

  /** What stands under a key as plain JavaScript: texts, numbers, lists and maps; undefined when it is absent. */
  plain(key: string): unknown {
    const node = this.#resolve(this.value(key));
    if (isMap(node) || isSeq(node)) return node.toJSON();
    return isScalar(node) ? node.value : undefined;
  }

  /** All keys as plain JavaScript, aliases followed. Only for a map without faults: its bounds are what bounds this. */
  get all(): Readonly<Record<string, unknown>> {
    return Object.fromEntries([...this.#pairs].map(([key, { value }]) => [key, this.#plainOf(value)]));
  }

  #plainOf(node: unknown): unknown {
    const target = this.#resolve(node);
    if (isSeq(target)) return target.items.map((item) => this.#plainOf(item));
    if (isMap(target)) {
      return Object.fromEntries(
        target.items.map(({ key, value }) => [String(this.#plainOf(key)), this.#plainOf(value)]),
      );
    }
    return isScalar(target) ? target.value : null;
  }

  /** The map under a key, or undefined when it is absent or no map. */
  map(key: string): Fields | undefined {
    const found = this.#pairs.get(key);
    if (found === undefined) return undefined;
    return Fields.of(this.#source, found.value, `"${key}"`, this.#resolve);
  }

  #add(pair: Pair): void {
    const key = this.#resolve(pair.key);
    if (!isScalar(key)) {
      this.#source.fault(offsetOf(key), `a key of ${this.#what} must be a word`);
      return;
    }
    const name = textOf(key);
    if (this.#pairs.has(name)) {
      this.#source.fault(offsetOf(key), `"${name}" is given twice; remove one of them`);
      return;
    }
    this.#pairs.set(name, { keyOffset: offsetOf(key), value: pair.value });
  }

  #refuse(offset: number, message: string): undefined {
    this.#source.fault(offset, message);
    return undefined;
  }
}

/** A scalar's characters: a number or a boolean as it was written, nothing for an empty value. */
function textOf(scalar: Scalar): string {
  if (typeof scalar.value === 'string') return scalar.value.trim();
  return scalar.value === null ? '' : (scalar.source ?? String(scalar.value));
}

export function offsetOf(node: unknown): number {
  const isPlaced = isScalar(node) || isMap(node) || isSeq(node) || isAlias(node);
  const placed: Node | Alias | undefined = isPlaced ? node : undefined;
  return placed?.range?.[0] ?? 0;
}
