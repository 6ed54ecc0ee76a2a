import ts from 'typescript';
import { at, type FileRule, type Finding, isCode, isMain, isOutsideProduct, type SourceFile } from '../source-file.ts';

const timerNames = new Set(['setTimeout', 'setInterval']);
const clockCalls = new Set(['Date.now', 'Math.random']);
const htmlSinks = new Set(['innerHTML', 'outerHTML', 'insertAdjacentHTML']);
const processMembers = new Set(['env', 'exit']);
const unfinishedMark = new RegExp(`\\b(${['TO', 'DO'].join('')}|${['FIX', 'ME'].join('')})\\b`);

/** Time and chance come from outside, so that a test can own them. */
export const clockAndChance: FileRule = (file) => {
  if (file.path === 'core/time/time.ts' || file.path.startsWith('ui/') || isOutsideProduct(file)) return [];
  return where(file, (node) => {
    if (isImportOf(node, 'timers', 'timers/promises')) return 'node:timers; use the injected Clock';
    if (ts.isPropertyAccessExpression(node) && clockCalls.has(node.getText())) return inject(node.getText());
    if (ts.isIdentifier(node) && timerNames.has(node.text) && isUse(node)) return inject(node.text);
    if (isEmptyDate(node)) return inject('new Date()');
    return undefined;
  });
};

/** Settings come in through a main.ts, and only a main.ts ends the process. */
export const processAccess: FileRule = (file) => {
  if (isMain(file) || isOutsideProduct(file)) return [];
  return where(file, (node) => {
    if (isImportOf(node, 'process')) return 'node:process; only a main.ts may';
    if (!ts.isPropertyAccessExpression(node) && !ts.isElementAccessExpression(node)) return undefined;
    if (!/^(globalThis\.)?process$/.test(node.expression.getText())) return undefined;
    const member = ts.isPropertyAccessExpression(node) ? node.name : node.argumentExpression;
    const name = ts.isIdentifier(member) || ts.isStringLiteral(member) ? member.text : '';
    return processMembers.has(name) ? `process.${name}; only a main.ts may` : undefined;
  });
};

/** Text from outside never becomes markup. */
export const rawHtml: FileRule = (file) => {
  const tags = file.path.endsWith('.svelte')
    ? linesMatching(file, /\{@html\b|\bbind:(inner|outer)HTML\b/, 'raw HTML')
    : [];
  const sinks = where(file, (node) => {
    if (!ts.isPropertyAccessExpression(node)) return undefined;
    if (node.getText() === 'document.write') return 'document.write; create elements and text nodes';
    return htmlSinks.has(node.name.text) ? `${node.name.text}; create elements and text nodes` : undefined;
  });
  return [...tags, ...sinks];
};

/** A shell turns a name with a semicolon into a command: start programs with a list of arguments. */
export const shells: FileRule = (file) => {
  if (!/child_process/.test(file.text)) return [];
  return where(file, (node) => {
    if (ts.isImportSpecifier(node) && isExec((node.propertyName ?? node.name).text) && isChildProcess(node)) {
      return `${node.getText()} runs a shell; use execFile or spawn`;
    }
    if (ts.isPropertyAccessExpression(node) && node.name.text === 'execSync') return 'execSync runs a shell';
    if (isShellOption(node)) return '"shell" option; pass the arguments as a list';
    return isShellCommand(node) ? 'a shell with -c; start the program itself' : undefined;
  });
};

/** What is not finished is absent, or an issue. The words are split here, for this file is looked at as well. */
export const unfinished: FileRule = (file) => (isCode(file) ? linesMatching(file, unfinishedMark, 'unfinished') : []);

const inject = (what: string): string => `${what}; use the injected Clock or a seeded generator`;
const isExec = (name: string): boolean => name === 'exec' || name === 'execSync';

function where(file: SourceFile, judge: (node: ts.Node) => string | undefined): readonly Finding[] {
  return file.nodes.flatMap((node) => {
    const fault = judge(node);
    return fault === undefined ? [] : [at(file, node, fault)];
  });
}

function linesMatching(file: SourceFile, pattern: RegExp, fault: string): readonly Finding[] {
  return file.lines.flatMap((line, index) => (pattern.test(line) ? [`${file.path}:${index + 1}: ${fault}`] : []));
}

/** True for `name(…)`, `globalThis.name` and a mention as a value; false where it names a member or a key. */
function isUse(name: ts.Identifier): boolean {
  const parent = name.parent;
  if (ts.isPropertyAccessExpression(parent))
    return parent.expression === name || parent.expression.getText() === 'globalThis';
  return !(ts.isPropertyAssignment(parent) && parent.name === name) && !ts.isTypeQueryNode(parent);
}

function isEmptyDate(node: ts.Node): boolean {
  const isDate = (call: ts.NewExpression | ts.CallExpression) => call.expression.getText() === 'Date';
  if (ts.isCallExpression(node)) return isDate(node);
  return ts.isNewExpression(node) && isDate(node) && (node.arguments?.length ?? 0) === 0;
}

function isImportOf(node: ts.Node, ...modules: readonly string[]): boolean {
  if (!ts.isImportDeclaration(node) || !ts.isStringLiteral(node.moduleSpecifier)) return false;
  return modules.includes(node.moduleSpecifier.text.replace(/^node:/, ''));
}

function isChildProcess(specifier: ts.ImportSpecifier): boolean {
  return isImportOf(specifier.parent.parent.parent, 'child_process');
}

function isShellOption(node: ts.Node): boolean {
  return (
    ts.isPropertyAssignment(node) &&
    node.name.getText() === 'shell' &&
    node.initializer.kind !== ts.SyntaxKind.FalseKeyword
  );
}

/** `spawn('sh', ['-c', …])` and its like. A shell inside a container, started through `docker`, is not ours. */
function isShellCommand(node: ts.Node): boolean {
  if (!ts.isCallExpression(node)) return false;
  const [program, args] = node.arguments;
  if (program === undefined || args === undefined) return false;
  if (!ts.isStringLiteral(program) || !ts.isArrayLiteralExpression(args)) return false;
  const first = args.elements[0];
  return (
    /(^|\/)(ba|da|z)?sh$/.test(program.text) && first !== undefined && ts.isStringLiteral(first) && first.text === '-c'
  );
}
