import { version } from '../../core/index.ts';
import { parseNotice, type ServerFlags, serverConfig } from '../../server/index.ts';
import type { Terminal } from '../command.ts';
import { parseFlags, refusePositionals } from '../flags.ts';
import { type ProcessSpec, supervise } from './supervisor.ts';
import { Welcome } from './welcome.ts';

type Setup = {
  readonly flags: Readonly<Record<string, { readonly type: 'string' }>>;
  readonly withCollector: boolean;
};

/** Flags that each process takes, of those that the person gave. */
const historyOnly = ['clickhouse-url', 'clickhouse-user', 'clickhouse-database', 'clickhouse-password-file'];
const collectorOnly = ['name', 'config'];

/** Runs the processes until the person stops them. */
export async function runProcesses(args: readonly string[], terminal: Terminal, setup: Setup): Promise<number> {
  const { flags, positionals } = parseFlags(args, { ...setup.flags, verbose: { type: 'boolean' } });
  refusePositionals(positionals);
  const { verbose, ...given } = flags;
  const named = Object.entries(given).filter(([, value]) => value !== undefined) as [string, string][];
  const config = serverConfig(Object.fromEntries(named) as ServerFlags, '');
  const level = verbose === true ? ['--log-level', 'info'] : ['--log-level', 'warn'];
  const flagsFor = (include: (name: string) => boolean): string[] =>
    named.filter(([name]) => include(name)).flatMap(([name, value]) => [`--${name}`, value]);
  const dataDirectory = ['--data-dir', config.paths.directory];
  const welcome = new Welcome(terminal, { version, config, expectsHost: setup.withCollector });
  const specs: ProcessSpec[] = [
    {
      name: 'server',
      module: 'server/main.js',
      isReady: (message) => parseNotice(message)?.kind === 'listening',
      args: [...flagsFor((name) => !historyOnly.includes(name) && !collectorOnly.includes(name)), ...level],
    },
    {
      name: 'history',
      module: 'server/history/main.js',
      // The server takes the data folder first: one that is in use is told once.
      after: welcome.listening,
      args: [...dataDirectory, ...flagsFor((name) => historyOnly.includes(name)), ...level],
    },
  ];
  if (setup.withCollector) {
    specs.push({
      name: 'collector',
      module: 'collector/saker-collector.mjs',
      args: [
        '--server',
        `ws://${localHost(config.host)}:${config.port}`,
        '--token-file',
        config.paths.collectorToken,
        '--docker-socket',
        config.dockerSocket ?? 'none',
        '--state-dir',
        config.paths.collectorState,
        ...level,
        ...flagsFor((name) => collectorOnly.includes(name)),
      ],
      // The collector's working set is a few megabytes; a small young generation keeps it so.
      nodeArgs: ['--max-semi-space-size=1'],
      after: welcome.listening,
    });
  }
  return supervise(specs, {
    clock: terminal.clock,
    signal: terminal.signal,
    onMessage: (_name, message) => welcome.notice(message),
    onExit: (name, how, restartMs) =>
      terminal.err(`saker: the ${name} process ended (${how}); starting it again in ${restartMs / 1000} s`),
  });
}

/** The collector of this host reaches a server that listens everywhere over loopback. */
function localHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
