#!/usr/bin/env node
/**
 * Makes the collector's bundle: one file that runs with any Node ≥ 20.20 and needs nothing beside it, and what is
 * served with it. `tools/build.mjs` runs this; the result lies in `dist/install/`. And the collector alone, as `saker up`
 * runs it, in `dist/collector/`: without what it does not use, and with what it seldom uses in files of their own, it
 * takes 17 MB less.
 *
 *   saker.mjs          cli/agent/main.ts and everything that it imports, readable (not minified), licences at the end
 *   saker.mjs.sha256   for `sha256sum --check`
 *   install.sh         packaging/install.sh with that checksum in it
 *   the unit, and the other files of packaging/
 *
 * The result depends on the sources and the lock file only: no time, no path of this machine.
 */
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { build } from 'vite';
import { insist, projectRoot, runTool } from './console.mjs';

/** The promise of docs/collector/install.md. */
const bundleBytesMax = 2_000_000;
const bundleName = 'saker.mjs';
const packaging = 'packaging';

/**
 * Native modules that `ws` uses where they are installed, and does without where requiring them fails. Whether they
 * are here must not change the bundle.
 */
const natives = ['bufferutil', 'utf-8-validate'];
const withoutNatives = {
  name: 'without-natives',
  enforce: /** @type {const} */ ('pre'),
  /** @param {string} id */
  resolveId: (id) => (natives.includes(id) ? `\0${id}` : null),
  /** @param {string} id */
  load: (id) =>
    natives.includes(id.slice(1)) ? `module.exports = {};\nthrow new Error('${id.slice(1)} is not bundled');` : null,
};

/** Our files have no effects, so one that is imported by nothing but its name would be loaded for nothing. */
const importsForEffects = /^import "\.\/saker-collector-[\w-]+\.mjs";\n/gm;

/** What all parts of the collector share stays apart from the schemas, which only a part of them needs. */
const collectorGroups = [
  { name: 'shared', test: /\/core\/(errors|assert|frame\/messages\/limits|api\/parts)\.ts$/, priority: 2 },
  {
    name: 'schemas',
    test: /\/node_modules\/typebox\/|\/core\/(api|schema|frame\/messages\/schemas|series\/endpoint)/,
    priority: 1,
  },
];

await runTool(async () => {
  insist(process.argv[2] !== undefined, 'usage: node tools/bundle.mjs DIST');
  const folder = resolve(process.argv[2], 'install');
  const collectorFolder = resolve(process.argv[2], 'collector');
  // The comments that name each file in the bundle are relative to where we are.
  process.chdir(projectRoot);
  const text = await bundle();
  const bytes = Buffer.from(text);
  insist(bytes.length <= bundleBytesMax, `the bundle has ${bytes.length} bytes; at most ${bundleBytesMax}`);
  const checksum = createHash('sha256').update(bytes).digest('hex');
  mkdirSync(collectorFolder, { recursive: true });
  for (const { fileName, code } of await chunksOf('collector/main.ts', false)) {
    writeFileSync(join(collectorFolder, fileName), code.replace(importsForEffects, ''));
  }
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, bundleName), bytes, { mode: 0o755 });
  writeFileSync(join(folder, `${bundleName}.sha256`), `${checksum}  ${bundleName}\n`);
  for (const name of readdirSync(join(projectRoot, packaging))) {
    if (name === 'install.sh') continue;
    copyFileSync(join(projectRoot, packaging, name), join(folder, name));
  }
  const script = readFileSync(join(projectRoot, packaging, 'install.sh'), 'utf8');
  insist(script.includes('@SHA256@'), 'packaging/install.sh has no place for the checksum');
  writeFileSync(join(folder, 'install.sh'), script.replace('@SHA256@', checksum), { mode: 0o755 });
});

/**
 * @param {string} entry
 * @param {boolean} isWhole one file with everything in it; else what is not used is left out, and what is seldom used
 * lies in files beside it
 */
async function chunksOf(entry, isWhole) {
  const main = join(projectRoot, entry);
  /** Of all packages only the socket library does something when it is imported. */
  const isNeeded = (/** @type {string} */ id) => isWhole || id === main || id.includes('/node_modules/ws/');
  const result = await build({
    configFile: false,
    root: projectRoot,
    envDir: false,
    logLevel: 'warn',
    ssr: { noExternal: true, target: 'node' },
    plugins: [withoutNatives],
    build: {
      ssr: entry,
      write: false,
      minify: false,
      target: 'node20',
      rolldownOptions: {
        treeshake: { moduleSideEffects: isNeeded },
        output: {
          codeSplitting: isWhole ? false : { groups: collectorGroups },
          format: 'es',
          entryFileNames: 'saker-collector.mjs',
          chunkFileNames: 'saker-collector-[name].mjs',
        },
      },
    },
  });
  const output = Array.isArray(result)
    ? result.flatMap((part) => part.output)
    : 'output' in result
      ? result.output
      : [];
  return output.filter((part) => part.type === 'chunk');
}

/** @returns {Promise<string>} */
async function bundle() {
  const [chunk, ...others] = await chunksOf('cli/agent/main.ts', true);
  insist(chunk !== undefined && others.length === 0, 'the bundle is not one file');
  const code = chunk.code.replace(/^#!.*\n/, '');
  return `#!/usr/bin/env node\n${code}\n${licences(chunk.moduleIds)}`;
}

/**
 * The licences of the packages inside, as they ask for.
 * @param {readonly string[]} moduleIds
 */
function licences(moduleIds) {
  const folders = new Set(moduleIds.flatMap((id) => packageFolder(id) ?? []));
  const texts = [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    insist(typeof license === 'string', `${name} does not say its licence`);
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file === undefined ? 'As its package.json says.' : readFileSync(join(folder, file), 'utf8');
    const words = text.replaceAll('*/', '* /').trim();
    return `${name} ${version} (${license})\n\n${words}`;
  });
  return `/*\n${texts.join('\n\n')}\n*/\n`;
}

/** @param {string} id */
function packageFolder(id) {
  const parts = dirname(id).split('/node_modules/');
  const last = parts.at(-1);
  if (parts.length < 2 || last === undefined) return undefined;
  const name = last.startsWith('@') ? last.split('/').slice(0, 2).join('/') : last.split('/')[0];
  return `${parts.slice(0, -1).join('/node_modules/')}/node_modules/${name}`;
}
