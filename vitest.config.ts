import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // chdb binds one data directory to a process, so files must not share one.
    pool: 'forks',
    maxWorkers: 2,
    include: ['**/*.test.ts'],
    exclude: ['node_modules/**', 'dist/**'],
    testTimeout: 15_000,
  },
});
