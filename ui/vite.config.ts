import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';

const here = fileURLToPath(new URL('.', import.meta.url));
const GZIP_FROM_BYTES = 1024;

/** Writes `x.gz` beside every text asset once, so that the server never compresses while it answers. */
function precompressed(): Plugin {
  let folder = '';
  return {
    name: 'saker-precompressed',
    apply: 'build',
    configResolved(config) {
      folder = config.build.outDir;
    },
    async closeBundle() {
      const names = await readdir(folder, { recursive: true });
      for (const name of names.filter((each) => /\.(js|css|html|svg)$/.test(each))) {
        const path = join(folder, name);
        const content = await readFile(path);
        if (content.length >= GZIP_FROM_BYTES)
          await writeFile(`${path}.gz`, await promisify(gzip)(content, { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  root: here,
  plugins: [svelte({ configFile: false }), precompressed()],
  build: {
    outDir: join(here, '../dist/ui'),
    emptyOutDir: true,
    target: 'es2022',
    // The page's policy allows scripts from its own files only: nothing may be inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The chart engine is one lazy chunk of 500 kB by design.
    chunkSizeWarningLimit: 700,
  },
});
