import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runNode } from '../style/planted-tree.ts';
import { projectRoot } from '../style/project-tree.ts';

type TestStatus = 'passed' | 'failed' | 'skipped';

/** The parts of a vitest report that are counted. */
const report = (statuses: readonly TestStatus[], more: object = {}): string => {
  const count = (status: TestStatus) => statuses.filter((each) => each === status).length;
  const file = {
    name: join(projectRoot, 'core/a.test.ts'),
    status: count('failed') > 0 ? 'failed' : 'passed',
    assertionResults: statuses.map((status, index) => ({ fullName: `test ${index}`, status })),
  };
  return JSON.stringify({
    success: count('failed') === 0,
    numPassedTests: count('passed'),
    numPendingTests: count('skipped'),
    numTodoTests: 0,
    testResults: [file],
    ...more,
  });
};

describe('the closing line', () => {
  let folder: string;
  let runCount = 0;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'saker-tally-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const tally = (files: Readonly<Record<string, string>>) => {
    const reports = join(folder, String(runCount++));
    mkdirSync(reports);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(reports, name), text);
    return runNode([join(projectRoot, 'tools/tally.mjs'), reports], projectRoot);
  };

  test('sums over all reports', async () => {
    const files = { 'unit.json': report(['passed', 'passed', 'skipped']), 'e2e.json': report(['passed']) };
    expect(await tally(files)).toEqual({ code: 0, output: '3 passed, 0 failed, 1 skipped\n' });
  });

  test('counts a failed test and names it', async () => {
    const outcome = await tally({ 'unit.json': report(['passed', 'failed']) });
    expect(outcome).toEqual({ code: 1, output: 'Failed:\n  core/a.test.ts: test 1\n1 passed, 1 failed, 0 skipped\n' });
  });

  test('counts steps that no test stands for', async () => {
    const outcome = await tally({ 'unit.json': report(['passed']), 'check.faults': 'check: arrows\ncheck: types\n' });
    expect(outcome.output).toMatch(/\n1 passed, 2 failed, 0 skipped\n$/);
    expect(outcome.code).toBe(1);
  });

  test('counts a file that could not be loaded', async () => {
    const broken = [{ name: 'core/b.test.ts', status: 'failed', assertionResults: [] }];
    const outcome = await tally({ 'unit.json': report([], { success: false, testResults: broken }) });
    expect(outcome.output).toMatch(
      /core\/b\.test\.ts: the file failed outside its tests\n0 passed, 1 failed, 0 skipped/,
    );
  });

  test('counts a run that failed although its tests passed', async () => {
    const outcome = await tally({ 'unit.json': report(['passed'], { success: false }) });
    expect(outcome.output).toMatch(/\n1 passed, 1 failed, 0 skipped\n$/);
  });

  test('counts a run that died before it could report, and a run of nothing', async () => {
    const dead = await tally({ 'unit.expected': '', 'e2e.json': report(['passed']), 'e2e.expected': '' });
    expect(dead.output).toBe('Failed:\n  unit: ended without a report\n1 passed, 1 failed, 0 skipped\n');
    expect((await tally({})).output).toBe('Failed:\n  nothing was run\n0 passed, 1 failed, 0 skipped\n');
  });
});
