import ts from 'typescript';
import { at, type FileRule, type Finding, isCode, lineOf, type SourceFile } from '../source-file.ts';

const FUNCTION_LINES_MAX = 70;
const FILE_LINES_MAX = 500;
const COMPONENT_LINES_MAX = 200;
const PARAMETERS_MAX = 4;
const FOLDER_ENTRIES_MAX = 12;

/** Wiring is one straight line, and cutting it would hide its order. This list does not grow. */
const longFunctionFiles = new Set(['server/app.ts']);

/** A function fits on a screen. What holds tests is a chapter, not a function; each test in it is a function. */
export const functionLength: FileRule = (file) => {
  if (longFunctionFiles.has(file.path)) return [];
  return functionsOf(file).flatMap((node) => {
    const lineCount = lineOf(node, node.getEnd()) - lineOf(node, node.getStart()) + 1;
    if (lineCount <= FUNCTION_LINES_MAX || isChapter(node)) return [];
    return [at(file, node, `function of ${lineCount} lines; at most ${FUNCTION_LINES_MAX}`)];
  });
};

export const parameterCount: FileRule = (file) =>
  functionsOf(file).flatMap((node) => {
    const count = node.parameters.filter((each) => each.name.getText() !== 'this').length;
    if (count <= PARAMETERS_MAX) return [];
    return [at(file, node, `${count} parameters; at most ${PARAMETERS_MAX}, name them in one object`)];
  });

export const fileLength: FileRule = (file) => {
  if (!isCode(file)) return [];
  const linesMax = file.path.endsWith('.svelte') ? COMPONENT_LINES_MAX : FILE_LINES_MAX;
  if (file.lines.length <= linesMax) return [];
  return [`${file.path}:${linesMax + 1}: file of ${file.lines.length} lines; at most ${linesMax}`];
};

/** Folders with more entries (files and folders) than a person takes in. The root and recorded data are exempt. */
export function folderSize(paths: readonly string[]): readonly Finding[] {
  const entries = new Map<string, Set<string>>();
  for (const path of paths) {
    const parts = path.split('/');
    for (let depth = 1; depth < parts.length; depth++) {
      const folder = parts.slice(0, depth).join('/');
      const names = entries.get(folder) ?? new Set<string>();
      entries.set(folder, names.add(parts[depth] ?? ''));
    }
  }
  return [...entries]
    .filter(([folder, names]) => names.size > FOLDER_ENTRIES_MAX && !folder.startsWith('test/fixtures'))
    .map(([folder, names]) => `${folder}/: ${names.size} entries; at most ${FOLDER_ENTRIES_MAX}, make sub-folders`);
}

function functionsOf(file: SourceFile): readonly ts.SignatureDeclaration[] {
  return file.nodes.filter((node): node is ts.SignatureDeclaration => ts.isFunctionLike(node));
}

/** The function given to a `describe`, and one that exists to call it: conformance cases over several things. */
function isChapter(node: ts.SignatureDeclaration): boolean {
  if (isDescribe(node.parent)) return true;
  const body = 'body' in node ? node.body : undefined;
  if (body === undefined || !ts.isBlock(body)) return false;
  return body.statements.some((each) => ts.isExpressionStatement(each) && isDescribe(each.expression));
}

function isDescribe(node: ts.Node): boolean {
  return ts.isCallExpression(node) && /^describe\b/.test(node.expression.getText());
}
