import { basename, extname } from 'node:path';
import ts from 'typescript';

/**
 * A file as the rules see it. `path` is relative to the project, with `/`. `nodes` are the syntax of TypeScript,
 * JavaScript and the scripts of Svelte components, parents before children; other files have none.
 */
export type SourceFile = {
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
  readonly nodes: readonly ts.Node[];
};

/** A place that breaks a rule, as `path:line: message`. */
export type Finding = string;

/** A rule that looks at one file at a time. */
export type FileRule = (file: SourceFile) => readonly Finding[];

const scriptExtensions = new Set(['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs']);
/** Everything that a person wrote as code; documents and settings have fewer rules. */
const codeExtensions = new Set([...scriptExtensions, '.svelte', '.sh', '.css', '.html']);

export function sourceFile(path: string, text: string): SourceFile {
  const script = scriptOf(path, text);
  const kind = /js$/.test(path) ? ts.ScriptKind.JS : ts.ScriptKind.TS;
  const syntax =
    script === undefined ? undefined : ts.createSourceFile(path, script, ts.ScriptTarget.ES2023, true, kind);
  const lines = text.endsWith('\n') ? text.slice(0, -1).split('\n') : text.split('\n');
  return { path, text, lines, nodes: syntax === undefined ? [] : [...nodesUnder(syntax)] };
}

export const isCode = (file: SourceFile): boolean => codeExtensions.has(extname(file.path));

/** Code that no customer runs, which may wait, stamp and read the environment as it likes. */
export const isOutsideProduct = (file: SourceFile): boolean =>
  /^(test|tools)\//.test(file.path) || /(\.(test|bench|config)|-cases)\.[cm]?[jt]s$/.test(file.path);

export const isMain = (file: SourceFile): boolean => basename(file.path) === 'main.ts';

/** Shows a place the way editors make a link of it. */
export function at(file: SourceFile, node: ts.Node, message: string): Finding {
  return `${file.path}:${lineOf(node, node.getStart())}: ${message}`;
}

/** Line of a position, counted from 1. */
export function lineOf(node: ts.Node, position: number): number {
  return node.getSourceFile().getLineAndCharacterOfPosition(position).line + 1;
}

function* nodesUnder(node: ts.Node): Generator<ts.Node> {
  yield node;
  const children: ts.Node[] = [];
  ts.forEachChild(node, (child) => void children.push(child));
  for (const child of children) yield* nodesUnder(child);
}

function scriptOf(path: string, text: string): string | undefined {
  if (scriptExtensions.has(extname(path))) return text;
  return extname(path) === '.svelte' ? scriptsOf(text) : undefined;
}

/** A component with all but the contents of its `<script>` blocks turned into spaces, so that lines keep their numbers. */
function scriptsOf(component: string): string {
  const blank = (text: string) => text.replace(/[^\n]/g, ' ');
  let result = '';
  let end = 0;
  for (const match of component.matchAll(/(<script[^>]*>)([\s\S]*?)<\/script>/g)) {
    const [, opening = '', content = ''] = match;
    const start = match.index + opening.length;
    result += blank(component.slice(end, start)) + content;
    end = start + content.length;
  }
  return result + blank(component.slice(end));
}
