#!/usr/bin/env node
/**
 * Everything about the sources that can be told without running them. One line a step; what a step said is shown
 * only when it failed. `--report FOLDER` also leaves what `tools/tally.mjs` counts.
 *
 * Each step is a program of its own, so two run at a time; the longest start first.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { elapsed, insist, projectRoot, runTool } from './console.mjs';

/**
 * @typedef {object} Step
 * @property {string} name
 * @property {string} script below node_modules/
 * @property {string[]} args
 * @property {string} [needs] a file without which there is nothing to check yet
 */

const biome = '@biomejs/biome/bin/biome';
const compiler = '@typescript/native/bin/tsc';
const folders = [
  'core',
  'collector',
  'realtime',
  'history',
  'alerting',
  'scaler',
  'server',
  'cli',
  'ui',
  'test',
  'tools',
];
/** Compilers use 100 to 300 MB each, so a large machine gains little from more. */
const stepsAtOnceMax = 4;
const stepMsMax = 300_000;

/** @type {Step[]} */
const steps = [
  { name: 'style', script: 'vitest/vitest.mjs', args: ['run', '--project', 'style'] },
  {
    name: 'types of the page',
    script: 'svelte-check/bin/svelte-check',
    // The classic mode: --tsgo finds nothing in .svelte files when the tsconfig is not in the root.
    args: ['--tsconfig', './ui/tsconfig.json', '--fail-on-warnings', '--output', 'human'],
    needs: 'ui/tsconfig.json',
  },
  {
    name: 'arrows',
    script: 'dependency-cruiser/bin/dependency-cruise.mjs',
    args: ['--config', '.dependency-cruiser.cjs'],
  },
  { name: 'dead code', script: 'knip/bin/knip.js', args: ['--no-progress', '--no-config-hints'] },
  { name: 'types', script: compiler, args: ['-p', 'tsconfig.json'] },
  { name: 'types of the tools', script: compiler, args: ['-p', 'tools/tsconfig.json'] },
  { name: 'format and lint', script: biome, args: ['check', '--error-on-warnings', '.'] },
];

await runTool(async () => {
  const { values } = parseArgs({ options: { report: { type: 'string' } } });
  process.chdir(projectRoot);
  insist(existsSync(join('node_modules', biome)), 'node_modules is missing or incomplete. Run: npm ci');
  const failed = await runAll(
    steps
      .filter((step) => step.needs === undefined || existsSync(step.needs))
      .map((step) => prepare(step, values.report)),
  );
  if (values.report !== undefined) {
    // The tests of the style step are counted one by one.
    const faults = failed.filter((name) => name !== 'style');
    mkdirSync(values.report, { recursive: true });
    writeFileSync(join(values.report, 'check.faults'), faults.map((name) => `check: ${name}\n`).join(''));
  }
  insist(failed.length === 0, `check failed: ${failed.join(', ')}`);
});

/**
 * @param {Step} step
 * @param {string | undefined} report
 * @returns {Step}
 */
function prepare(step, report) {
  if (step.name === 'arrows')
    return { ...step, args: [...step.args, ...folders.filter((folder) => existsSync(folder))] };
  if (step.name !== 'style' || report === undefined) return step;
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${join(report, 'style.json')}`];
  return { ...step, args: [...step.args, ...reporters] };
}

/**
 * @param {Step[]} todo
 * @returns {Promise<string[]>} names of the steps that failed
 */
async function runAll(todo) {
  const waiting = [...todo];
  /** @type {string[]} */
  const failed = [];
  const work = async () => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
      if (!(await runStep(step))) failed.push(step.name);
    }
  };
  const workerCount = Math.min(stepsAtOnceMax, Math.max(2, availableParallelism()));
  await Promise.all(Array.from({ length: workerCount }, work));
  return failed;
}

/** @param {Step} step */
async function runStep(step) {
  const startedAt = performance.now();
  const { code, output } = await run(step);
  console.log(`${code === 0 ? 'ok    ' : 'FAILED'}  ${step.name.padEnd(20)} ${elapsed(startedAt)}`);
  if (code !== 0) console.log(`\n${output.trim()}\n`);
  return code === 0;
}

/**
 * @param {Step} step
 * @returns {Promise<{ code: number, output: string }>}
 */
function run(step) {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' };
    const args = [join('node_modules', step.script), ...step.args];
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: stepMsMax });
    /** @type {Buffer[]} */
    const chunks = [];
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.on('data', (chunk) => chunks.push(chunk));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? 1, output: Buffer.concat(chunks).toString('utf8') }));
  });
}
