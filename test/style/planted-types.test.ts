import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Outcome, type PlantedTree, plantTree } from './planted-tree.ts';
import { readProjectText } from './project-tree.ts';

/** svelte-check has a mode that reports nothing for `.svelte` files when its tsconfig lies in a sub-folder. */
const component = `<script lang="ts">
  import { count } from './count.ts';
  let { name }: { name: string } = $props();
  const wrong: number = name;
  const alsoWrong: string = count;
</script>

<p>{wrong + alsoWrong}</p>
<Missing />
<img src="a.png" />
`;

const files = {
  'ui/tsconfig.json': readProjectText('ui/tsconfig.json'),
  'ui/count.ts': 'export const count = 1;\nexport const wrong: string = count;\n',
  'ui/faulty.svelte': component,
  'core/faulty.ts': [
    'export const wrong: number = "text";',
    'enum Kind { A }',
    'export async function late(): Promise<void> {}',
    'export function floating(): void {',
    '  late();',
    '}',
    'export const anything = (value: any) => value!.x == 1;',
    '',
  ].join('\n'),
};

describe('faults in types and lint are found', () => {
  let planted: PlantedTree;
  let page: Outcome;
  let compiled: Outcome;
  let linted: Outcome;

  beforeAll(async () => {
    planted = plantTree(files);
    const lint = ['lint', '--vcs-enabled=false', '--reporter=json', '--max-diagnostics=none', 'core', 'ui'];
    [page, compiled, linted] = await Promise.all([
      planted.run('svelte-check/bin/svelte-check', ['--tsconfig', './ui/tsconfig.json', '--output', 'machine']),
      planted.run('@typescript/native/bin/tsc', ['-p', 'tsconfig.json']),
      planted.run('@biomejs/biome/bin/biome', lint),
    ]);
  });
  afterAll(() => planted.remove());

  test.each([
    [
      'a wrong type in a script of a component',
      /faulty\.svelte" 4:9 "Type 'string' is not assignable to type 'number'/,
    ],
    ['a wrong type that comes from another file', /faulty\.svelte" 5:9 "Type 'number' is not assignable/],
    ['a component that does not exist', /faulty\.svelte" 9:2 "Cannot find name 'Missing'/],
    ['a wrong type in a plain file', /count\.ts" 2:14 "Type 'number' is not assignable/],
    ['an image without a description', /a11y_missing_attribute/],
  ])('%s, by svelte-check', (_name, pattern) => {
    expect(page.output).toMatch(pattern);
    expect(page.code).not.toBe(0);
  });

  test.each([
    ['a wrong type', /core\/faulty\.ts\(1,14\): error TS2322/],
    ['syntax that Node cannot erase', /core\/faulty\.ts\(2,6\): error TS1294/],
  ])('%s, by the compiler', (_name, pattern) => {
    expect(compiled.output).toMatch(pattern);
    expect(compiled.code).not.toBe(0);
  });

  test.each([['noFloatingPromises'], ['noExplicitAny'], ['noNonNullAssertion'], ['noDoubleEquals'], ['useAltText']])(
    '%s, by biome',
    (rule) => {
      expect(linted.output).toContain(rule);
      expect(linted.code).not.toBe(0);
    },
  );
});
