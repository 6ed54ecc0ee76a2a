#!/usr/bin/env node
/**
 * Builds `dist/`: the server, collector and command line with the TypeScript compiler, the page with vite, and the
 * collector's bundle with `tools/bundle.mjs`.
 *
 * The idea: a build is a pure function of its inputs, so their contents are hashed into `dist/build.stamp`, and a
 * build with the same hash is skipped (about 30 ms). Contents and not times, because a clone, a copy or a switch of
 * branches gives old files new times and new files old ones, and because a deleted file has no time at all.
 *
 * The new tree is made beside the old one and put in its place by a rename, so a build that fails or is killed leaves
 * the old `dist/` whole. One build runs at a time; a second one waits, then finds that there is nothing left to do.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { elapsed, hasCode, insist, projectRoot, runTool } from './console.mjs';

/** Folders whose contents end up in `dist/`. */
const sourceFolders = [
  'core',
  'collector',
  'realtime',
  'history',
  'alerting',
  'scaler',
  'server',
  'cli',
  'test',
  'ui',
  'packaging',
];
const settings = [
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'tools/build.mjs',
  'tools/bundle.mjs',
];
const compiler = 'node_modules/@typescript/native/bin/tsc';
const bundler = 'node_modules/vite/bin/vite.js';
const pageSettings = 'ui/vite.config.ts';
const bundleEntry = 'cli/agent/main.ts';
const commandLine = 'cli/main.js';

/** A cold build takes about 5 s here; a waiter gives up after this long, for the other build hangs. */
const lockWaitMsMax = 180_000;
const lockPollMs = 100;
/** The holder touches its lock this often; one untouched for ten times as long was left by a process that died. */
const lockTouchMs = 1_000;
const lockAgeMsMax = 10 * lockTouchMs;
/** Another build may put its result in place between our two renames; both results are whole, so try again. */
const replaceAttemptsMax = 5;

const startedAt = performance.now();

await runTool(async () => {
  process.chdir(projectRoot);
  insist(existsSync(compiler), 'node_modules is missing or incomplete. Run: npm ci');
  if (isFresh(fingerprint())) return;
  mkdirSync('.artifacts', { recursive: true });
  const unlock = await lock('.artifacts/build.lock');
  try {
    const print = fingerprint();
    if (!isFresh(print)) await build(print);
  } finally {
    unlock();
  }
});

/** @param {string} print */
function isFresh(print) {
  return existsSync('dist/build.stamp') && readFileSync('dist/build.stamp', 'utf8') === print;
}

/** A hash over the names and contents of everything that a build reads. */
function fingerprint() {
  const hash = createHash('sha256').update(process.version);
  for (const path of [...settings, ...sourceFolders.flatMap(entriesUnder)]) {
    const isInput = !path.endsWith('.test.ts') && statSync(path, { throwIfNoEntry: false })?.isFile();
    if (isInput) hash.update(`\0${path}\0`).update(readFileSync(path));
  }
  return hash.digest('hex');
}

/**
 * Paths of everything in a folder and its sub-folders, in an order that does not depend on the disk.
 * @param {string} folder
 */
function entriesUnder(folder) {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder, { recursive: true });
  return names.map((name) => `${folder}/${name}`).sort();
}

/** @param {string} print the sources' fingerprint */
async function build(print) {
  removeRemains();
  // Beside dist/ and as deep, so that the paths in source maps hold after the renaming.
  const target = `.build-${process.pid}`;
  try {
    const steps = [run(compiler, ['-p', 'tsconfig.build.json', '--outDir', target])];
    if (existsSync(pageSettings)) steps.push(bundlePage(join(target, 'ui')));
    if (existsSync(bundleEntry)) steps.push(run('tools/bundle.mjs', [target]));
    const failures = (await Promise.all(steps)).filter((code) => code !== 0);
    insist(failures.length === 0, 'build failed; dist/ is as it was');
    const entry = join(target, commandLine);
    if (existsSync(entry)) makeExecutable(entry);
    writeFileSync(join(target, 'build.stamp'), print);
    replace(target, 'dist');
  } finally {
    rmSync(target, { recursive: true, force: true });
  }
  console.log(`built dist/ in ${elapsed(startedAt)}`);
}

/** @param {string} outDir */
function bundlePage(outDir) {
  const place = ['--outDir', join(projectRoot, outDir), '--emptyOutDir', '--logLevel', 'warn'];
  return run(bundler, ['build', 'ui', '--config', pageSettings, ...place]);
}

/** @param {string} entry */
function makeExecutable(entry) {
  insist(readFileSync(entry, 'utf8').startsWith('#!'), `${commandLine} lost its #! line`);
  chmodSync(entry, 0o755);
}

/**
 * @param {string} target
 * @param {string} place
 */
function replace(target, place) {
  const old = `.build-${process.pid}-old`;
  for (let attempt = 1; ; attempt++) {
    rmSync(old, { recursive: true, force: true });
    try {
      if (existsSync(place)) renameSync(place, old);
      renameSync(target, place);
      break;
    } catch (error) {
      if (attempt === replaceAttemptsMax || !hasCode(error, 'ENOENT', 'ENOTEMPTY', 'EEXIST')) throw error;
    }
  }
  rmSync(old, { recursive: true, force: true });
}

/**
 * Runs a script of a dependency, its output going straight to the person.
 * @param {string} script
 * @param {string[]} args
 * @returns {Promise<number>} the exit code
 */
function run(script, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...args], { stdio: 'inherit' });
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

/**
 * Takes the lock file, waiting while another build holds it; one that was left by a dead process is taken over.
 * @param {string} path
 * @returns {Promise<() => void>} gives the lock back
 */
async function lock(path) {
  for (let waitedMs = 0; waitedMs < lockWaitMsMax; waitedMs += lockPollMs) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' });
      return holdLock(path);
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
    }
    if (isAbandoned(path)) {
      rmSync(path, { force: true });
    } else {
      if (waitedMs === 0) console.log('waiting for another build');
      await delay(lockPollMs);
    }
  }
  throw new Error(`another build has held ${path} for ${lockWaitMsMax / 1000} s`);
}

/** @param {string} path */
function holdLock(path) {
  const touch = setInterval(() => utimesSync(path, new Date(), new Date()), lockTouchMs);
  return () => {
    clearInterval(touch);
    rmSync(path, { force: true });
  };
}

/**
 * Its process is gone, or has not touched it for long: process numbers are used again.
 * @param {string} path
 */
function isAbandoned(path) {
  try {
    if (Date.now() - statSync(path).mtimeMs > lockAgeMsMax) return true;
    process.kill(Number(readFileSync(path, 'utf8')), 0);
    return false;
  } catch (error) {
    return hasCode(error, 'ESRCH');
  }
}

/** What builds that were killed left behind. Only for the holder of the lock. */
function removeRemains() {
  const remains = readdirSync('.').filter((name) => /^\.build-\d+(-old)?$/.test(name));
  for (const name of remains) rmSync(name, { recursive: true, force: true });
}
