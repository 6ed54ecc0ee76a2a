import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type PlantedTree, plantTree } from './planted-tree.ts';

/** Contents of a planted file, and the rules that have to object to it. */
type Planted = { readonly text: string; readonly breaks: readonly string[] };

const good = (text: string): Planted => ({ text, breaks: [] });
const bad = (text: string, ...breaks: readonly string[]): Planted => ({ text, breaks });
const door = good('export const a = 1;\n');

const tree: Readonly<Record<string, Planted>> = {
  'core/index.ts': good("export * from './api/index.ts';\n"),
  'core/api/index.ts': good(
    "import { Type } from 'typebox';\nexport type A = string;\nexport const a = Type.String();\n",
  ),
  'core/pure.ts': good("import { crc32 } from 'node:zlib';\nexport const b = crc32('');\n"),
  'core/core.test.ts': good(
    "import { test } from 'vitest';\nimport { tmpdir } from 'node:os';\ntest(tmpdir(), () => {});\n",
  ),
  'core/upward.ts': bad(
    "import { a } from '../alerting/index.ts';\nexport const b = a;\n",
    'core-imports-nothing-of-ours',
  ),
  'core/disk.ts': bad("import { open } from 'node:fs/promises';\nexport const b = open;\n", 'core-does-no-io'),
  'core/net.ts': bad("import { connect } from 'node:net';\nexport const b = connect;\n", 'core-does-no-io'),
  'core/heavy.ts': bad("import { parse } from 'yaml';\nexport const b = parse;\n", 'core-has-one-package'),
  'core/circle-a.ts': bad("import { b } from './circle-b.ts';\nexport const a = () => b;\n", 'no-circles'),
  // A circle is reported once, at the first of its files.
  'core/circle-b.ts': good("import { a } from './circle-a.ts';\nexport const b = () => a;\n"),

  'alerting/index.ts': door,
  'alerting/judge.ts': good("import type { A } from '../core/index.ts';\nexport type B = A;\n"),
  'alerting/neighbour.ts': bad(
    "import { a } from '../history/index.ts';\nexport const b = a;\n",
    'rooms-import-core-only',
  ),
  'alerting/neighbour-type.ts': bad(
    "import type { B } from '../realtime/ring.ts';\nexport type C = B;\n",
    'rooms-import-core-only',
    'rooms-by-the-door',
  ),
  'alerting/window.ts': bad(
    "import type { A } from '../core/api/index.ts';\nexport type B = A;\n",
    'rooms-by-the-door',
  ),
  'alerting/upward.ts': bad("import { a } from '../server/index.ts';\nexport const b = a;\n", 'rooms-import-core-only'),
  'alerting/tested.ts': bad(
    "import { fake } from '../test/fake.ts';\nexport const b = fake;\n",
    'rooms-import-core-only',
    'only-tests-import-test',
  ),
  'alerting/gone.ts': bad("import { a } from './not-there.ts';\nexport const b = a;\n", 'resolvable'),
  'alerting/undeclared.ts': bad("import a from 'acorn';\nexport const b = a;\n", 'declared-packages-only'),
  'alerting/dev.ts': bad("import * as a from 'fast-check';\nexport const b = a;\n", 'product-uses-no-dev-package'),
  'alerting/store-cases.ts': good("import { test } from 'vitest';\nexport const b = test;\n"),
  'alerting/dev.test.ts': good("import * as a from 'fast-check';\nexport const b = a;\n"),

  'realtime/index.ts': door,
  'realtime/ring.ts': good('export type B = string;\n'),
  'history/index.ts': good("import { createClient } from '@clickhouse/client';\nexport const a = createClient;\n"),

  'collector/index.ts': good("import { WebSocket } from 'ws';\nexport const a = WebSocket;\n"),
  'collector/fat.ts': bad("import Docker from 'dockerode';\nexport const b = Docker;\n", 'collector-stays-light'),
  'collector/wide.ts': bad("import { b } from './fat.ts';\nexport const c = b;\n", 'collector-stays-light'),

  'server/index.ts': door,
  'server/app.ts': good("import { a } from '../alerting/index.ts';\nimport '../core/index.ts';\nexport const b = a;\n"),
  'server/back-way.ts': bad("import type { B } from '../realtime/ring.ts';\nexport type C = B;\n", 'rooms-by-the-door'),
  'server/upward.ts': bad(
    "import { a } from '../cli/command.ts';\nexport const b = a;\n",
    'nobody-imports-cli',
    'server-does-not-import-up',
  ),

  'cli/command.ts': good("import { a } from '../server/index.ts';\nexport { a };\n"),

  'ui/types.ts': good("import type { A } from '../core/api/index.ts';\nexport type B = A;\n"),
  'ui/value.ts': bad("import { a } from '../core/api/index.ts';\nexport const b = a;\n", 'ui-imports-types-only'),
  'ui/wide.ts': bad("import type { A } from '../core/index.ts';\nexport type B = A;\n", 'ui-knows-core-api-only'),
  'ui/room.ts': bad("import type { A } from '../server/app.ts';\nexport type B = A;\n", 'ui-knows-core-api-only'),
  'ui/good.svelte': good(
    '<script lang="ts">\nimport type { B } from \'./types.ts\';\nlet b: B;\n</script>\n<p>a</p>\n',
  ),
  'ui/value.svelte': bad(
    '<script lang="ts">\nimport { a } from \'../core/api/index.ts\';\nconst b = a;\n</script>\n<p>{b}</p>\n',
    'ui-imports-types-only',
  ),
  'ui/room.svelte': bad(
    '<script lang="ts">\nimport { a } from \'../server/index.ts\';\nconst b = a;\n</script>\n<p>{b}</p>\n',
    'ui-knows-core-api-only',
  ),

  'test/fake.ts': good("import { a } from '../alerting/index.ts';\nexport const fake = a;\n"),
  'test/back-way.ts': bad("import type { B } from '../alerting/judge.ts';\nexport type C = B;\n", 'rooms-by-the-door'),
  'test/page.ts': bad("import type { B } from '../ui/types.ts';\nexport type C = B;\n", 'nobody-imports-ui'),
  'test/tool.ts': bad("import { a } from '../tools/tool.mjs';\nexport const b = a;\n", 'nobody-imports-tools'),
  'tools/tool.mjs': door,
  'tools/early.mjs': bad("import { a } from '../core/index.ts';\nexport const b = a;\n", 'tools-stand-alone'),
};

describe('the arrows between rooms', () => {
  const found = new Map<string, Set<string>>();
  let planted: PlantedTree;

  beforeAll(async () => {
    planted = plantTree(Object.fromEntries(Object.entries(tree).map(([path, file]) => [path, file.text])));
    const args = ['--config', '.dependency-cruiser.cjs', '--output-type', 'json'];
    const folders = [...new Set(Object.keys(tree).map((path) => path.split('/')[0] ?? ''))];
    const outcome = await planted.run('dependency-cruiser/bin/dependency-cruise.mjs', [...args, ...folders]);
    const report: unknown = JSON.parse(outcome.output);
    for (const { from, rule } of violationsOf(report)) found.set(from, (found.get(from) ?? new Set()).add(rule));
  });
  afterAll(() => planted.remove());

  test.each(Object.entries(tree).map(([path, file]) => ({ path, breaks: file.breaks })))(
    '$path breaks $breaks',
    ({ path, breaks }) => {
      expect([...(found.get(path) ?? [])].sort()).toEqual([...breaks].sort());
    },
  );
});

type Violation = { readonly from: string; readonly rule: string };

function violationsOf(report: unknown): readonly Violation[] {
  const { summary } = report as { summary: { violations: { from: string; rule: { name: string } }[] } };
  return summary.violations.map((each) => ({ from: each.from, rule: each.rule.name }));
}
