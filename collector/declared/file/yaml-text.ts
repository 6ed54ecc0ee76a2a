/**
 * YAML as people write it, turned into plain values, with a way back from each value to its line.
 *
 * Faults carry the path of the value that is at fault, as in `['monitors', 2, 'port']`; reading goes
 * on after one, so that one look at the list mends the whole file.
 */
import { type Document, isMap, isScalar, LineCounter, parseDocument } from 'yaml';
import { FILE_BYTES_MAX } from './config.ts';

export type Path = readonly (string | number)[];

/** Something wrong in a file: where, what, and what to write instead. Lines and columns count from 1. */
export type FileFault = {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
};

const FAULTS_MAX = 20;

/** `file:line:column: message`, which editors and terminals turn into a link. */
export function formatFileFault({ file, line, column, message }: FileFault): string {
  return `${file}:${line}:${column}: ${message}`;
}

export class Faults {
  readonly list: { readonly path: Path; readonly message: string }[] = [];

  add(path: Path, message: string): void {
    if (this.list.length < FAULTS_MAX) this.list.push({ path, message });
  }
}

export type ParsedText =
  | { readonly kind: 'value'; readonly value: unknown; readonly locate: (faults: Faults) => readonly FileFault[] }
  | { readonly kind: 'faults'; readonly faults: readonly FileFault[] };

/** `fileName` is only used to say where a fault is. An empty file is an empty map. */
export function parseYaml(text: string, fileName: string): ParsedText {
  const failed = (message: string): ParsedText => {
    return { kind: 'faults', faults: [{ file: fileName, line: 1, column: 1, message }] };
  };
  if (Buffer.byteLength(text, 'utf8') > FILE_BYTES_MAX) {
    return failed(`the file is larger than ${FILE_BYTES_MAX / 1024} KiB; split it`);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const place = (offset: number): { line: number; column: number } => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  if (document.errors.length > 0) {
    const faults = document.errors.slice(0, FAULTS_MAX).map((error) => {
      return { file: fileName, ...place(error.pos[0]), message: `not YAML: ${error.message}` };
    });
    return { kind: 'faults', faults };
  }
  let value: unknown;
  try {
    value = document.toJS() ?? {};
  } catch (error) {
    return failed(`not YAML that can be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  const locate = (faults: Faults): readonly FileFault[] =>
    faults.list
      .map(({ path, message }) => ({ file: fileName, ...place(offsetOf(document, path)), message }))
      .sort((a, b) => a.line - b.line || a.column - b.column);
  return { kind: 'value', value, locate };
}

/** Of the key that a path ends with, or of the nearest thing above it that stands in the text. */
function offsetOf(document: Document, path: Path): number {
  for (let length = path.length; length > 0; length--) {
    const key = path[length - 1];
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    if (isMap(parent)) {
      const pair = parent.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key));
      if (isScalar(pair?.key)) return pair.key.range?.[0] ?? 0;
    } else {
      const node = document.getIn(path.slice(0, length), true);
      const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined;
      if (Array.isArray(range)) return Number(range[0]);
    }
  }
  return document.contents?.range?.[0] ?? 0;
}
