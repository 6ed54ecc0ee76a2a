import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

const tests = '**/*.test.ts';
const style = `test/style/${tests}`;
const page = `ui/${tests}`;
/** Suites that need an engine, a browser or minutes: `test/setup.sh` prepares what they use. */
const integration = [`test/integration/${tests}`, `test/docker/${tests}`, `test/fault/${tests}`];
const endToEnd = `test/e2e/${tests}`;
const never = ['**/node_modules/**', 'dist/**', '.artifacts/**'];

export default defineConfig({
  test: {
    // chdb binds one data directory to a process, so files must not share one.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 15_000,
    // Hooks start compilers and engines; a loaded machine needs several times what an idle one does.
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: [tests], exclude: [...never, style, page, endToEnd, ...integration] },
      },
      {
        extends: true,
        // State classes use runes, which only exist once the Svelte compiler has seen them.
        plugins: [svelte({ configFile: false })],
        resolve: { conditions: ['browser'] },
        test: { name: 'ui', include: [page], exclude: never },
      },
      {
        extends: true,
        test: { name: 'style', include: [style], exclude: never, testTimeout: 120_000, hookTimeout: 120_000 },
      },
      {
        extends: true,
        // One file at a time: two at once would measure each other.
        test: { name: 'integration', include: integration, exclude: never, testTimeout: 60_000, maxWorkers: 1 },
      },
      {
        extends: true,
        test: { name: 'e2e', include: [endToEnd], exclude: never, testTimeout: 120_000, maxWorkers: 1 },
      },
    ],
  },
});
