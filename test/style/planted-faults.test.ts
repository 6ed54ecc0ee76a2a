import { describe, expect, test } from 'vitest';
import { clockAndChance, processAccess, rawHtml, shells, unfinished } from './rules/forbidden.ts';
import { pathNames } from './rules/names.ts';
import { errorDocument, looseVersions, missingDocuments, registryHosts, roomDoors } from './rules/project.ts';
import { fileLength, folderSize, functionLength, parameterCount } from './rules/size.ts';
import { type FileRule, sourceFile } from './source-file.ts';

/** Each rule is shown what it must find, and beside it the nearest thing that it must leave alone. */
const body = (lineCount: number): string => 'work();\n'.repeat(lineCount);
const inFunction = (lineCount: number): string => `function long() {\n${body(lineCount - 2)}}\n`;

type Case = readonly [name: string, rule: FileRule, path: string, text: string, findingCount: number];

const cases: readonly Case[] = [
  ['a function of 71 lines', functionLength, 'core/a.ts', inFunction(71), 1],
  ['a function of 70 lines', functionLength, 'core/a.ts', inFunction(70), 0],
  ['the wiring function', functionLength, 'server/app.ts', inFunction(200), 0],
  ['a long method', functionLength, 'core/a.ts', `class A {\n  run() {\n${body(70)}  }\n}\n`, 1],
  [
    'a long function in a component',
    functionLength,
    'ui/a.svelte',
    `<script lang="ts">\n${inFunction(71)}</script>\n`,
    1,
  ],
  ['a long describe', functionLength, 'core/a.test.ts', `describe('a', () => {\n${body(90)}});\n`, 0],
  [
    'long cases',
    functionLength,
    'core/a-cases.ts',
    `function cases() {\n  describe('a', () => {\n${body(90)}});\n}\n`,
    0,
  ],
  ['a long test', functionLength, 'core/a.test.ts', `test('a', () => {\n${body(90)}});\n`, 1],
  ['five parameters', parameterCount, 'core/a.ts', 'function f(a, b, c, d, e) {}', 1],
  ['five parameters of a port', parameterCount, 'core/a.ts', 'type F = (a: A, b: A, c: A, d: A, e: A) => void;', 1],
  ['four parameters and a this', parameterCount, 'core/a.ts', 'function f(this: X, a, b, c, d) {}', 0],
  ['a file of 501 lines', fileLength, 'core/a.ts', body(501), 1],
  ['a file of 500 lines', fileLength, 'core/a.ts', body(500), 0],
  ['a long document', fileLength, 'docs/a.md', body(501), 0],
  ['a component of 201 lines', fileLength, 'ui/a.svelte', '<p>a</p>\n'.repeat(201), 1],
  ['a component of 200 lines', fileLength, 'ui/a.svelte', '<p>a</p>\n'.repeat(200), 0],
  ['the wall clock', clockAndChance, 'core/a.ts', 'const now = Date.now();', 1],
  ['a date of now', clockAndChance, 'core/a.ts', 'const now = new Date();', 1],
  ['a date of a given time', clockAndChance, 'core/a.ts', 'const then = new Date(atMs);', 0],
  ['chance', clockAndChance, 'core/a.ts', 'const dice = Math.random();', 1],
  ['a timer', clockAndChance, 'server/a.ts', 'setTimeout(run, 5);', 1],
  ['a timer by its global', clockAndChance, 'server/a.ts', 'globalThis.setInterval(run, 5);', 1],
  ['a timer handed over as a value', clockAndChance, 'server/a.ts', 'const later = setTimeout;', 1],
  ['an imported timer', clockAndChance, 'server/a.ts', "import { setTimeout as wait } from 'node:timers/promises';", 2],
  ['a timer of a socket', clockAndChance, 'server/a.ts', 'socket.setTimeout(500);', 0],
  ['a comment on timers', clockAndChance, 'server/a.ts', '// not Date.now() and not setTimeout\n', 0],
  ['a timer in a test', clockAndChance, 'server/a.test.ts', 'setTimeout(run, 5);', 0],
  ['a timer in conformance cases', clockAndChance, 'server/store-cases.ts', 'setTimeout(run, 5);', 0],
  ['a timer in the page', clockAndChance, 'ui/a.ts', 'setTimeout(run, 5);', 0],
  ['a timer in the clock', clockAndChance, 'core/time/time.ts', 'setTimeout(run, 5);', 0],
  ['the environment', processAccess, 'server/a.ts', 'const home = process.env.HOME;', 1],
  ['the environment by its key', processAccess, 'server/a.ts', "const home = process['env'];", 1],
  ['an exit', processAccess, 'server/a.ts', 'process.exit(1);', 1],
  ['the process as an import', processAccess, 'server/a.ts', "import { env } from 'node:process';", 1],
  ['the environment in a main', processAccess, 'server/main.ts', 'run(process.env); process.exit(1);', 0],
  ['the number of the process', processAccess, 'server/a.ts', 'const id = process.pid;', 0],
  ['raw markup', rawHtml, 'ui/a.svelte', '<p>{@html text}</p>', 1],
  ['bound markup', rawHtml, 'ui/a.svelte', '<p bind:innerHTML={text}></p>', 1],
  ['markup by assignment', rawHtml, 'ui/a.ts', 'element.innerHTML = text;', 1],
  ['markup by assignment in a component', rawHtml, 'ui/a.svelte', '<script>\nnode.outerHTML = a;\n</script>', 1],
  ['text by assignment', rawHtml, 'ui/a.ts', 'element.textContent = text;', 0],
  ['exec', shells, 'server/a.ts', "import { exec as run } from 'node:child_process';", 1],
  ['execSync of the module', shells, 'test/a.ts', "import cp from 'node:child_process';\ncp.execSync('ls');", 1],
  [
    'the option for a shell',
    shells,
    'tools/a.mjs',
    "import { spawn } from 'child_process';\nspawn(a, [], { shell: true });",
    1,
  ],
  [
    'a shell by its name',
    shells,
    'test/a.ts',
    "import { spawn } from 'child_process';\nspawn('/bin/sh', ['-c', text]);",
    1,
  ],
  ['execFile', shells, 'test/a.ts', "import { execFile } from 'node:child_process';\nexecFile('ls', ['-l']);", 0],
  ['exec of a pattern', shells, 'server/a.ts', 'pattern.exec(text);', 0],
  [
    'a script of a folder',
    shells,
    'test/a.ts',
    "import { spawn } from 'child_process';\nspawn('bash', ['run.sh']);",
    0,
  ],
  ['an unfinished place', unfinished, 'server/a.ts', `// ${'TO'}${'DO'}: later`, 1],
  ['an unfinished place in a script', unfinished, 'test/a.sh', `# ${'FIX'}${'ME'}`, 1],
  ['a to-do list', unfinished, 'server/a.ts', 'const todo = [];', 0],
];

describe('a rule about files', () => {
  test.each(cases)('%s', (...[, rule, path, text, findingCount]: Case) => {
    expect(rule(sourceFile(path, text))).toHaveLength(findingCount);
  });

  test('names the line of a component, not the line of its script', () => {
    const component = sourceFile('ui/a.svelte', '<p>a</p>\n<p>b</p>\n<script>\nnode.innerHTML = a;\n</script>');
    expect(rawHtml(component)).toEqual(['ui/a.svelte:4: innerHTML; create elements and text nodes']);
  });
});

describe('a rule about the project', () => {
  const file = (path: string, text = '') => sourceFile(path, text);

  test('counts the entries of a folder, sub-folders included', () => {
    const dozen = Array.from({ length: 12 }, (_, index) => `core/part-${index}.ts`);
    expect(folderSize(dozen)).toEqual([]);
    expect(folderSize([...dozen, 'core/frame/a.ts', 'core/frame/b.ts'])).toEqual([
      'core/: 13 entries; at most 12, make sub-folders',
    ]);
  });

  test('knows kebab-case and empty names', () => {
    const good = ['core/frame-codec.test.ts', 'core/README.md', '.ci/run', 'ui/live.svelte.ts', 'cli/data-dir.ts'];
    expect(pathNames(good)).toEqual([]);
    const bad = ['core/frameCodec.ts', 'core/frame_codec.ts', 'core/Frame.ts', 'core/utils.ts', 'ui/info/a.ts'];
    expect(pathNames(bad)).toHaveLength(bad.length);
  });

  test('misses doors and explanations, and a room that is absent is no fault', () => {
    expect(roomDoors([file('core/time.ts')])).toEqual(['core/: no README.md', 'core/: no index.ts']);
    expect(roomDoors([file('cli/README.md', 'a\n'.repeat(61))])).toEqual(['cli/README.md: 61 lines; at most 60']);
    expect(roomDoors([file('core/README.md', 'a\n'.repeat(60)), file('core/index.ts')])).toEqual([]);
  });

  test('misses documents', () => {
    expect(missingDocuments(['README.md', 'docs/errors.md'])).toEqual(['CHANGELOG.md is missing']);
  });

  test('refuses ranges of versions', () => {
    const ranges = { a: '^1.2.3', b: '1.x', c: 'latest', d: 'npm:e@^1.0.0' };
    expect(looseVersions({ dependencies: ranges })).toHaveLength(4);
    expect(looseVersions({ devDependencies: { a: '1.2.3', b: 'npm:@x/c@7.0.2', d: '1.0.0-rc.1' } })).toEqual([]);
  });

  test('refuses addresses of registries', () => {
    const host = ['https:', '', 'registry.example.org', 'a.tgz'].join('/');
    expect(registryHosts([file('package-lock.json', `"resolved": "${host}"`)])).toHaveLength(1);
    expect(
      registryHosts([file('package-lock.json', '  "resolved": "https://packages.example.org/a.tgz"')]),
    ).toHaveLength(1);
    expect(registryHosts([file('.npmrc', `regis${'try'}=https://packages.example.org`)])).toHaveLength(1);
    expect(
      registryHosts([file('.npmrc', 'omit-lockfile-registry-resolved=true'), file('docs/a.md', 'a registry')]),
    ).toEqual([]);
  });

  test('holds codes and paragraphs together', () => {
    expect(errorDocument(['A', 'B'], '# Errors\n\n## A\n\nText.\n\n## B\n\nText.\n')).toEqual([]);
    expect(errorDocument(['A', 'B'], '## A\n\nText.\n\n## A\n\nText.\n')).toEqual([
      'docs/errors.md: no paragraph on B',
      'docs/errors.md: A twice',
    ]);
    expect(errorDocument(['A'], '## A\n\nText.\n\n## GONE\n')).toEqual([
      'docs/errors.md: GONE is not in core/errors.ts',
      'docs/errors.md: GONE is empty',
    ]);
  });
});
