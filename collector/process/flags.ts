/** The words of the collector's command line, for its own `main.ts` and for `saker collector`. */
import { parseArgs } from 'node:util';
import { AppError } from '../../core/index.ts';
import type { CollectorOptions } from '../collector.ts';

export type LogLevel = 'info' | 'warn';

export type CollectorFlags = { readonly help: boolean; readonly logLevel: LogLevel } & Pick<
  CollectorOptions,
  | 'server'
  | 'tokenFile'
  | 'name'
  | 'cgroupRoot'
  | 'procRoot'
  | 'dockerSocket'
  | 'podmanSocket'
  | 'scansCgroups'
  | 'procFiles'
  | 'configFile'
  | 'stateDirectory'
  | 'spoolBytesMax'
  | 'kernelLog'
>;

export const collectorUsage = `Usage: saker collector --token-file FILE [options]

Measures this host and its containers every second and sends that to a server.

  --server URL         address of the server (ws://127.0.0.1:7070)
  --token-file FILE    file that holds the join token of the server
  --name NAME          name of this host (its host name)
  --cgroup-root DIR    where the cgroups are mounted (/sys/fs/cgroup)
  --proc-root DIR      where the proc file system is mounted (/proc)
  --docker-socket FILE Docker's unix socket, "none" for none (/var/run/docker.sock)
  --podman-socket FILE Podman's unix socket, asked when a container of Podman was found by its
                       cgroup, "none" for none (/run/podman/podman.sock)
  --cgroup-scan MODE   on, or off to measure only the containers that those sockets tell of (on)
  --proc-files DIR     write loadavg, meminfo and uptime of each container below this folder, to be
                       mounted into it (off)
  --config FILE        monitors, receivers and labels of this host, see docs/hosts/monitors.md (none)
  --state-dir DIR      folder for what outlives a restart, such as how far logs were read (none)
  --kernel-log FILE    the kernel's log, "none" to leave it alone (/dev/kmsg)
  --spool-mb N         most MiB of samples in the state folder while the server is away (512)
  --log-level LEVEL    info, or warn to hear only of what goes wrong (info)
  --help               this text
`;

const text = { type: 'string' } as const;
const flags = {
  server: text,
  'token-file': text,
  name: text,
  'cgroup-root': text,
  'proc-root': text,
  'docker-socket': text,
  'podman-socket': text,
  'cgroup-scan': text,
  'proc-files': text,
  config: text,
  'state-dir': text,
  'spool-mb': text,
  'kernel-log': text,
  'log-level': text,
  help: { type: 'boolean' },
} as const;

/** Throws `CONFIG_INVALID` with one line that names what is wrong. */
export function parseCollectorFlags(args: readonly string[], hostName: string): CollectorFlags {
  const values = parse(args);
  for (const [name, value] of Object.entries(values)) {
    if (value === '') throw wrong(`--${name} is empty`);
  }
  const help = values.help === true;
  const tokenFile = values['token-file'];
  if (tokenFile === undefined && !help) throw wrong('--token-file is missing');
  return {
    help,
    server: values.server ?? 'ws://127.0.0.1:7070',
    tokenFile: tokenFile ?? '',
    name: values.name ?? hostName,
    cgroupRoot: values['cgroup-root'] ?? '/sys/fs/cgroup',
    procRoot: values['proc-root'] ?? '/proc',
    scansCgroups: oneOf('cgroup-scan', values['cgroup-scan'] ?? 'on', ['on', 'off']) === 'on',
    procFiles: values['proc-files'] ?? null,
    configFile: values.config ?? null,
    stateDirectory: values['state-dir'] ?? null,
    spoolBytesMax: mebibytesOf(values['spool-mb'] ?? '512'),
    dockerSocket: pathOrNone(values['docker-socket'] ?? '/var/run/docker.sock'),
    podmanSocket: pathOrNone(values['podman-socket'] ?? '/run/podman/podman.sock'),
    kernelLog: pathOrNone(values['kernel-log'] ?? '/dev/kmsg'),
    logLevel: oneOf('log-level', values['log-level'] ?? 'info', ['info', 'warn']),
  };
}

function mebibytesOf(text: string): number {
  const mebibytes = Number(text);
  if (/^\d+$/.test(text) && mebibytes >= 1 && mebibytes <= 1_000_000) return mebibytes * 1024 * 1024;
  throw wrong(`--spool-mb takes a number of MiB from 1 to 1000000, not ${JSON.stringify(text)}`);
}

function pathOrNone(path: string): string | null {
  return path === 'none' ? null : path;
}

function oneOf<Word extends string>(flag: string, given: string, words: readonly [Word, Word]): Word {
  const found = words.find((word) => word === given);
  if (found !== undefined) return found;
  throw wrong(`--${flag} takes ${words.join(' or ')}, not ${JSON.stringify(given)}`);
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: flags, strict: true, allowPositionals: false }).values;
  } catch (cause) {
    // The first sentence says what is wrong; the rest explains how to quote.
    const message = cause instanceof Error ? (cause.message.split('. ')[0] ?? '') : String(cause);
    throw wrong(message, cause);
  }
}

function wrong(message: string, cause?: unknown): AppError {
  return new AppError('CONFIG_INVALID', message, { hint: 'see saker collector --help', cause });
}
