import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';

/** Field names and list indexes from the top of the file down to a value. */
export type Path = readonly (string | number)[];

export type Position = { readonly line: number; readonly column: number };

export type SyntaxFault = Position & { readonly message: string };

/** One anchor may be used this often: enough for shared templates, too few for an alias bomb. */
const ALIASES_MAX = 1000;

/** A parsed YAML text that can still tell where each value stood and how it was written. */
export class YamlSource {
  readonly #document: Document.Parsed;
  readonly #lines = new LineCounter();

  constructor(text: string) {
    this.#document = parseDocument(text, { lineCounter: this.#lines, version: '1.2', prettyErrors: false });
  }

  faults(): SyntaxFault[] {
    const { errors, warnings } = this.#document;
    return [...errors, ...warnings].map((fault) => ({
      ...this.#at(fault.pos[0]),
      message: `is not YAML: ${fault.message}`,
    }));
  }

  /** Plain values. Throws where aliases would blow the text up. */
  value(): unknown {
    return this.#document.toJS({ maxAliasCount: ALIASES_MAX });
  }

  /** Where the value at `path` stands; the nearest enclosing one where there is none. */
  positionOf(path: Path): Position {
    return this.#at(this.#nodeAt(path).node?.range?.[0] ?? 0);
  }

  /** Where the field's name stands, for faults of the name. */
  positionOfKey(path: Path): Position {
    const parent = this.#nodeAt(path.slice(0, -1)).node;
    const key = isMap(parent) ? parent.items.find((item) => keyOf(item.key) === String(path.at(-1)))?.key : undefined;
    return isScalar(key) ? this.#at(key.range?.[0] ?? 0) : this.positionOf(path);
  }

  /** A scalar as written, so that `8080`, `1.10` and `true` stay the text that they are. */
  textOf(path: Path): string {
    const { node } = this.#nodeAt(path);
    if (!isScalar(node)) return '';
    return typeof node.value === 'string' ? node.value : (node.source ?? String(node.value));
  }

  #at(offset: number): Position {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }

  #nodeAt(path: Path): { readonly node: Node | null } {
    let node: Node | null = this.#resolved(this.#document.contents);
    for (const step of path) {
      const next = this.#resolved(childOf(node, step));
      if (next === null) return { node };
      node = next;
    }
    return { node };
  }

  #resolved(node: Node | null): Node | null {
    return isAlias(node) ? (node.resolve(this.#document) ?? null) : node;
  }
}

function childOf(node: Node | null, step: string | number): Node | null {
  if (isMap<unknown, Node | null>(node))
    return node.items.find((item) => keyOf(item.key) === String(step))?.value ?? null;
  if (isSeq<Node | null>(node)) return node.items[Number(step)] ?? null;
  return null;
}

function keyOf(key: unknown): string {
  if (!isScalar(key)) return '';
  return typeof key.value === 'string' ? key.value : String(key.value);
}
