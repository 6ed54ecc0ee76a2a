/**
 * The arrows between rooms, as the build checks them (`npm run check`). `test/style/arrows.test.ts` plants a
 * violation of each rule and expects it to be found, so a rule that stops matching does not go unnoticed.
 *
 *   ui ──types──► core/api ◄── core ◄── rooms ◄── server ◄── cli        test ──► everything but cli, by the doors
 */
const rooms = '^(collector|realtime|history|alerting|scaler)/';
const ours = '^(core|collector|realtime|history|alerting|scaler|server|cli|ui|test|tools)/';
// Conformance cases (`store-cases.ts`) are tests that a fake and the real thing share.
const unitTest = '(\\.(test|bench)|-cases)\\.ts$';
const pureBuiltins = '^(node:)?(assert|buffer|crypto|perf_hooks|util|zlib)$';
const heavyPackages = '(^|node_modules/)(fastify|@fastify/|dockerode|chdb|libsql|@clickhouse/client|ioredis)';

/** Error-severity rule; `comment` is what the person reads. */
const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

module.exports = {
  forbidden: [
    forbid(
      'no-circles',
      'A circle of imports has no first file to read; move the shared part down.',
      {},
      {
        circular: true,
      },
    ),
    forbid('resolvable', 'The imported file or package does not exist.', {}, { couldNotResolve: true }),

    forbid(
      'core-imports-nothing-of-ours',
      'core/ is what everybody shares; it knows nobody.',
      { path: '^core/' },
      {
        path: ours,
        pathNot: '^core/',
      },
    ),
    forbid(
      'core-has-one-package',
      'core/ depends on the schema library only.',
      { path: '^core/', pathNot: unitTest },
      { dependencyTypesNot: ['core', 'local', 'localmodule', 'type-only'], path: 'node_modules', pathNot: '/typebox/' },
    ),
    forbid(
      'core-does-no-io',
      'core/ is pure: no files, no network, no processes.',
      { path: '^core/', pathNot: unitTest },
      { dependencyTypes: ['core'], pathNot: pureBuiltins },
    ),

    forbid(
      'rooms-import-core-only',
      'A room never imports another; declare what you need in ports.ts and let server/app.ts hand it over.',
      { path: rooms },
      { path: ours, pathNot: ['^core/', '^$1/'] },
    ),
    forbid(
      'rooms-by-the-door',
      'Enter a room (and core/) by its index.ts.',
      { path: '^(collector|realtime|history|alerting|scaler|server|cli|test)/' },
      {
        path: '^(core|collector|realtime|history|alerting|scaler|server)/',
        pathNot: ['^(core|collector|realtime|history|alerting|scaler|server)/index\\.ts$', '^$1/'],
      },
    ),
    forbid('nobody-imports-cli', 'cli/ is the outermost room.', { pathNot: '^cli/' }, { path: '^cli/' }),
    forbid('nobody-imports-ui', 'The page is fetched, never imported.', { pathNot: '^ui/' }, { path: '^ui/' }),
    forbid(
      'only-tests-import-test',
      'Product code does not know its tests.',
      { pathNot: '^test/' },
      {
        path: '^test/',
      },
    ),
    forbid(
      'tools-stand-alone',
      'Tools run before anything is built.',
      { path: '^tools/' },
      {
        path: ours,
        pathNot: '^tools/',
      },
    ),
    forbid('nobody-imports-tools', 'Tools are commands; run them.', { pathNot: '^tools/' }, { path: '^tools/' }),

    forbid(
      'server-does-not-import-up',
      'server/ enters rooms, and nothing above it.',
      { path: '^server/' },
      { path: '^(cli|ui|test|tools)/' },
    ),
    forbid(
      'ui-knows-core-api-only',
      'Of ours the page imports only core/api/index.ts.',
      { path: '^ui/' },
      { path: ours, pathNot: ['^ui/', '^core/api/index\\.ts$'] },
    ),
    forbid(
      'ui-imports-types-only',
      'Write `import type`: no code of ours but ui/ ships to the browser.',
      { path: '^ui/' },
      { path: '^core/', dependencyTypesNot: ['type-only'] },
    ),
    forbid(
      'collector-stays-light',
      'The collector runs on every host: 80 MB resident and 1.5 % of a core allow none of these, nor does its bundle.',
      { path: '^(collector|cli/agent)/' },
      { path: heavyPackages, reachable: true },
    ),

    forbid(
      'declared-packages-only',
      'Import packages that package.json names.',
      {},
      { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    ),
    forbid(
      'product-uses-no-dev-package',
      'What runs at a customer must be in "dependencies".',
      { path: '^(core|collector|realtime|history|alerting|scaler|server|cli)/', pathNot: unitTest },
      { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|\\.artifacts|\\.saker)/' },
    // Type-only imports are arrows as well: a type from another room is knowledge of that room.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types', 'svelte', 'browser'],
    },
  },
};
