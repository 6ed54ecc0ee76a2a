import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { silentLogger, systemClock, VirtualClock } from '../../../core/index.ts';
import { eventually } from '../../testing/receiver.ts';
import { noRules, type RuleSet } from '../rule.ts';
import { RulesFile } from './rules-file.ts';

const ruleText = (name: string) => `rules:\n  - name: ${name}\n    metric: cpu.busy\n    condition: all(#3) > 80\n`;

let folder: string;
let path: string;
let file: RulesFile;
let taken: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'saker-rules-'));
  path = join(folder, 'rules.yaml');
  taken = [];
});

afterEach(async () => {
  await file.close();
  await rm(folder, { recursive: true, force: true });
});

const names = ({ rules }: RuleSet) => rules.map((rule) => rule.name).join(' ');

async function start(clock = new VirtualClock(1_000_000)): Promise<VirtualClock> {
  file = new RulesFile({
    path,
    clock,
    logger: silentLogger,
    onRules: (rules) => taken.push(names(rules)),
    onStatus: () => {},
  });
  await file.start();
  return clock;
}

/** The looks that the clock owes, whatever the file system tells. */
async function looked(clock: VirtualClock, holds: () => boolean): Promise<void> {
  await eventually(async () => {
    await clock.advance(2000);
    return holds();
  });
}

describe('the rules file', () => {
  test('is read at the start', async () => {
    await writeFile(path, ruleText('one'));
    await start();
    expect(file.status).toMatchObject({ loadedAtMs: 1_000_000, error: null });
    expect(taken).toEqual(['one']);
  });

  test('that is not there yet means no rules, and is picked up when it appears', async () => {
    const clock = await start();
    expect(file.status).toEqual({ loadedAtMs: null, error: null, rules: noRules });
    await writeFile(path, ruleText('one'));
    await looked(clock, () => taken.length > 0);
    expect(taken).toEqual(['one']);
  });

  test('with a fault in its only rule tells the place of the fault, and the rules before it stay', async () => {
    await writeFile(path, ruleText('one'));
    const clock = await start();
    await writeFile(path, `${ruleText('two')}    priority: high\n`);
    await looked(clock, () => file.status.error !== null);
    expect(file.status.error).toBe(`${path}:5:15: "priority" is "high"; write a whole number from 0 to 6`);
    expect(names(file.status.rules)).toBe('one');
    expect(file.status.loadedAtMs).toBe(1_000_000);

    await writeFile(path, ruleText('two'));
    await looked(clock, () => file.status.error === null);
    expect(taken).toEqual(['one', 'one', 'two']);
    expect(file.counts).toEqual({ loads: 2, refusals: 1 });
  });

  test('with one bad rule takes the good ones, keeps the bad one as it was, and removes none', async () => {
    await writeFile(path, ruleText('one'));
    const clock = await start();
    const { rules: before } = file.status.rules;
    const good = '  - { name: three, metric: cpu.busy, condition: "all(#1) > 1" }\n';
    await writeFile(path, `${ruleText('one').replace('80', 'eighty')}${good}`);
    await looked(clock, () => file.status.error !== null);
    expect(names(file.status.rules)).toBe('three one');
    expect(file.status.rules.rules[1]).toBe(before[0]);
  });

  test('that is removed leaves its rules running, and says so', async () => {
    await writeFile(path, ruleText('one'));
    const clock = await start();
    await rm(path);
    await looked(clock, () => file.status.error !== null);
    expect(file.status.error).toBe(`${path}: the file is gone; its last rules go on`);
    expect(taken).toEqual(['one']);
  });

  test('that is a folder is refused with the reason of the system', async () => {
    path = folder;
    await start();
    expect(file.status.error).toContain('EISDIR');
  });

  test('that an editor replaces by a rename is taken within a moment, not at the next look', async () => {
    await writeFile(path, ruleText('one'));
    file = new RulesFile({
      path,
      clock: { ...systemClock, after: (ms, run) => (ms < 1000 ? systemClock.after(ms, run) : () => {}) },
      logger: silentLogger,
      onRules: (rules) => taken.push(names(rules)),
      onStatus: () => {},
    });
    await file.start();
    await writeFile(`${path}.new`, ruleText('two'));
    await rename(`${path}.new`, path);
    await eventually(() => taken.length === 2);
    expect(taken).toEqual(['one', 'two']);
  });
});
