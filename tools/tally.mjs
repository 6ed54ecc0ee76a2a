#!/usr/bin/env node
/**
 * Reads what the parts of a test run left in a folder and prints the closing line `N passed, N failed, N skipped`.
 *
 *   NAME.json      a report of vitest
 *   NAME.expected  says that NAME.json has to be there: a run that died before it could write counts as failed
 *   NAME.faults    one line for each failure that no test stands for (a step of the check, the build, the set-up)
 *
 * Exits 1 when anything failed, and when nothing ran at all.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { insist, runTool } from './console.mjs';

/** @typedef {{ passed: number, skipped: number, faults: string[] }} Tally */

await runTool(() => {
  const folder = process.argv[2];
  insist(folder !== undefined && existsSync(folder), 'usage: node tools/tally.mjs FOLDER');
  const tallies = readdirSync(folder).map((name) => tallyOf(folder, name));
  const passed = sum(tallies.map((each) => each.passed));
  const skipped = sum(tallies.map((each) => each.skipped));
  const faults = tallies.flatMap((each) => each.faults);
  if (passed + faults.length + skipped === 0) faults.push('nothing was run');
  if (faults.length > 0) console.log(`Failed:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
  console.log(`${passed} passed, ${faults.length} failed, ${skipped} skipped`);
  if (faults.length > 0) process.exitCode = 1;
});

/**
 * @param {string} folder
 * @param {string} name
 * @returns {Tally}
 */
function tallyOf(folder, name) {
  const path = join(folder, name);
  if (name.endsWith('.json')) return reportTally(JSON.parse(readFileSync(path, 'utf8')));
  if (name.endsWith('.faults')) return faultTally(readFileSync(path, 'utf8').split('\n').filter(Boolean));
  const suite = name.replace(/\.expected$/, '');
  if (suite === name || existsSync(join(folder, `${suite}.json`))) return faultTally([]);
  return faultTally([`${suite}: ended without a report`]);
}

/**
 * @param {string[]} faults
 * @returns {Tally}
 */
function faultTally(faults) {
  return { passed: 0, skipped: 0, faults };
}

/**
 * A file that could not be loaded has no tests and counts as one failure, as does a run that failed although every
 * test passed (an error that nobody awaited, for instance).
 * @param {{ success: boolean, numPassedTests: number, numPendingTests: number, numTodoTests: number,
 *   testResults: { name: string, status: string, assertionResults: { fullName: string, status: string }[] }[] }} report
 * @returns {Tally}
 */
function reportTally(report) {
  const faults = report.testResults.flatMap((file) => {
    const failed = file.assertionResults.filter((test) => test.status === 'failed').map((test) => test.fullName);
    if (failed.length === 0 && file.status === 'failed') failed.push('the file failed outside its tests');
    return failed.map((test) => `${file.name.replace(`${process.cwd()}/`, '')}: ${test}`);
  });
  if (!report.success && faults.length === 0) faults.push('a test run failed outside its tests');
  return { passed: report.numPassedTests, skipped: report.numPendingTests + report.numTodoTests, faults };
}

/** @param {number[]} counts */
function sum(counts) {
  return counts.reduce((total, count) => total + count, 0);
}
