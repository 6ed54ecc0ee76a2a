#!/usr/bin/env node
/**
 * Adds to package-lock.json what npm leaves out when a registry does not carry every platform's optional packages.
 * Without these entries `npm ci` stops on every machine: "Missing: @x/y-darwin-arm64@1.2.3 from lock file".
 *
 *   node tools/complete-lock.mjs [FILE]           after every `npm install`
 *   node tools/complete-lock.mjs --check [FILE]   changes nothing; exits 1 and names what is missing
 *
 * Entries added here carry no integrity hash, since the package was never seen; a full registry fills them in.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { insist, projectRoot, runTool } from './console.mjs';

/**
 * The parts of a lock file's entry that matter here.
 * @typedef {object} Entry
 * @property {string} [version]
 * @property {boolean} [dev]
 * @property {boolean} [optional]
 * @property {string[]} [os]
 * @property {string[]} [cpu]
 * @property {string[]} [libc]
 * @property {Record<string, string>} [optionalDependencies]
 */

/** Words of package names, and what npm calls the same operating system. */
const systems = new Map([
  ...['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'].map(same),
  ['windows', 'win32'],
  ['linuxmusl', 'linux'],
]);
const processors = new Map([
  ...['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64'].map(same),
  ['eabi', 'arm'],
  ['ppc64le', 'ppc64'],
]);

await runTool(() => {
  const { values, positionals } = parseArgs({ options: { check: { type: 'boolean' } }, allowPositionals: true });
  const file = positionals[0] ?? join(projectRoot, 'package-lock.json');
  const lock = JSON.parse(readFileSync(file, 'utf8'));
  const missing = missingEntries(lock.packages);
  const names = missing.map(([path, entry]) => `${path.slice('node_modules/'.length)}@${entry.version}`);
  if (values.check) {
    insist(missing.length === 0, `${file} lacks ${names.join(', ')}. Run: node tools/complete-lock.mjs`);
    return;
  }
  for (const name of names) console.log(`added ${name}`);
  console.log(`${missing.length} entries added`);
  if (missing.length === 0) return;
  const entries = [...Object.entries(lock.packages), ...missing].sort(([a], [b]) => (a < b ? -1 : 1));
  writeFileSync(file, `${JSON.stringify({ ...lock, packages: Object.fromEntries(entries) }, null, 2)}\n`);
});

/**
 * Optional dependencies that nothing in the lock file satisfies, as entries for it.
 * @param {Record<string, Entry>} packages
 * @returns {[string, Entry][]}
 */
function missingEntries(packages) {
  /** @type {Map<string, Entry>} */
  const missing = new Map();
  for (const [place, entry] of Object.entries(packages)) {
    for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
      if (!isInstalled(packages, place, name)) missing.set(`node_modules/${name}`, entryFor(name, range, entry));
    }
  }
  return [...missing];
}

/**
 * Looks where Node looks: in the package's own node_modules, then in those of every package around it.
 * @param {Record<string, Entry>} packages
 * @param {string} place
 * @param {string} name
 */
function isInstalled(packages, place, name) {
  for (let around = place; around !== ''; around = around.slice(0, Math.max(0, around.lastIndexOf('/node_modules/')))) {
    if (packages[`${around}/node_modules/${name}`] !== undefined) return true;
  }
  return packages[`node_modules/${name}`] !== undefined;
}

/**
 * An entry as npm would have written it, the platform read from the name: `@x/y-linux-arm64-musl`.
 * @param {string} name
 * @param {string} range
 * @param {Entry} parent
 * @returns {Entry}
 */
function entryFor(name, range, parent) {
  const words = (name.split('/').at(-1) ?? '').split('-');
  const os = words.map((word) => systems.get(word)).find((word) => word !== undefined);
  const cpu = words.map((word) => processors.get(word)).find((word) => word !== undefined);
  const isMusl = words.includes('musl') || words.includes('linuxmusl');
  return {
    version: range.replace(/^[^\d]*/, ''),
    ...(cpu === undefined ? {} : { cpu: [cpu] }),
    ...(parent.dev ? { dev: true } : {}),
    optional: true,
    ...(isMusl ? { libc: ['musl'] } : {}),
    ...(os === undefined ? {} : { os: [os] }),
  };
}

/**
 * @param {string} word
 * @returns {[string, string]}
 */
function same(word) {
  return [word, word];
}
