import { BlockList, isIP } from 'node:net';
import { join, resolve } from 'node:path';
import { AppError } from '../core/index.ts';

/** Where things lie in the data folder. */
export type DataPaths = {
  readonly directory: string;
  readonly lock: string;
  readonly state: string;
  readonly log: string;
  readonly blocks: string;
  readonly history: string;
  readonly historySocket: string;
  readonly historyCursor: string;
  readonly collectorToken: string;
  readonly collectorState: string;
};

export function dataPaths(directory: string): DataPaths {
  const root = resolve(directory);
  return {
    directory: root,
    lock: join(root, 'lock'),
    state: join(root, 'state.db'),
    log: join(root, 'log'),
    blocks: join(root, 'blocks'),
    history: join(root, 'history'),
    historySocket: join(root, 'history.sock'),
    historyCursor: join(root, 'history', 'cursor.json'),
    collectorToken: join(root, 'collector.token'),
    collectorState: join(root, 'collector'),
  };
}

export type ServerConfig = {
  readonly host: string;
  readonly port: number;
  readonly paths: DataPaths;
  readonly rulesFile: string;
  readonly groupsFile: string;
  readonly monitorsFile: string;
  /** Null: scaling has no Docker to act on. */
  readonly dockerSocket: string | null;
  /** How people reach the console; links in messages begin with it. */
  readonly publicUrl: string;
  readonly consoleDirectory: string;
  /** The collector's bundle and what installs it. */
  readonly installDirectory: string;
  /** Addresses or CIDR ranges, comma-separated, of proxies in front; null: none. */
  readonly trustedProxy: string | null;
  /** Where Open-Falcon's agents reach a transfer; null: nowhere. */
  readonly falconRpc: FalconRpcConfig | null;
  /** Samples a second that each sender may push. */
  readonly pushRate: number;
};

export type FalconRpcConfig = { readonly host: string; readonly port: number; readonly allowed: BlockList };

/** Flags of `saker server`, in the form that `parseArgs` takes. `saker up` has the same. */
export const serverFlags = {
  host: { type: 'string' },
  port: { type: 'string' },
  'data-dir': { type: 'string' },
  rules: { type: 'string' },
  groups: { type: 'string' },
  monitors: { type: 'string' },
  'docker-socket': { type: 'string' },
  'public-url': { type: 'string' },
  'trusted-proxy': { type: 'string' },
  'falcon-rpc': { type: 'string' },
  'falcon-rpc-allow': { type: 'string' },
  'push-rate': { type: 'string' },
} as const;

export type ServerFlags = { readonly [Name in keyof typeof serverFlags]?: string | undefined };

export const serverFlagsHelp = `  --host ADDRESS          listen here (127.0.0.1)
  --port PORT             and here (7070)
  --data-dir FOLDER       samples, state and history (./.saker)
  --rules FILE            alert rules (rules.yaml in the data folder)
  --groups FILE           scaling groups (groups.yaml in the data folder)
  --monitors FILE         what is watched on which hosts (monitors.yaml in the data folder)
  --docker-socket PATH    Docker engine to watch and scale, "none" for none (/var/run/docker.sock)
  --public-url URL        how people reach the console: links in messages, and the origin of their browsers
  --trusted-proxy CIDR    believe X-Forwarded-For of these proxies (nobody's)
  --falcon-rpc ADDR:PORT  take what Open-Falcon's agents send to a transfer here, 0.0.0.0:8433 say (off)
  --falcon-rpc-allow CIDR agents' addresses, comma-separated: they send no token (127.0.0.0/8,::1/128)
  --push-rate SAMPLES     a second that each sender may push (500000)`;

/** Throws `BAD_REQUEST` that names the flag. */
export function serverConfig(flags: ServerFlags, consoleDirectory: string): ServerConfig {
  const host = flags.host ?? '127.0.0.1';
  const port = portOf(flags.port ?? '7070');
  const paths = dataPaths(flags['data-dir'] ?? '.saker');
  const shownHost = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return {
    host,
    port,
    paths,
    rulesFile: resolve(flags.rules ?? join(paths.directory, 'rules.yaml')),
    groupsFile: resolve(flags.groups ?? join(paths.directory, 'groups.yaml')),
    monitorsFile: resolve(flags.monitors ?? join(paths.directory, 'monitors.yaml')),
    dockerSocket: dockerSocketOf(flags['docker-socket']),
    publicUrl: publicUrlOf(
      flags['public-url'] ?? `http://${shownHost.includes(':') ? `[${shownHost}]` : shownHost}:${port}`,
    ),
    consoleDirectory,
    // The build puts them side by side.
    installDirectory: join(consoleDirectory, '../install'),
    trustedProxy: flags['trusted-proxy'] ?? null,
    falconRpc: falconRpcOf(flags['falcon-rpc'], flags['falcon-rpc-allow']),
    pushRate: pushRateOf(flags['push-rate'] ?? '500000'),
  };
}

export function dockerSocketOf(flag: string | undefined): string | null {
  return flag === 'none' ? null : (flag ?? '/var/run/docker.sock');
}

function portOf(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new AppError('BAD_REQUEST', `--port takes a number from 0 to 65535, not ${JSON.stringify(text)}`);
}

function publicUrlOf(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text.replace(/\/+$/, '');
  throw new AppError('BAD_REQUEST', `--public-url takes an http or https address, not ${JSON.stringify(text)}`);
}

function falconRpcOf(address: string | undefined, allow = '127.0.0.0/8,::1/128'): FalconRpcConfig | null {
  if (address === undefined) return null;
  const [, bracketed, plain, port = ''] = /^(?:\[([0-9a-fA-F:]+)\]|([0-9.]+)):(\d{1,5})$/.exec(address) ?? [];
  const host = bracketed ?? plain ?? '';
  if (isIP(host) === 0 || Number(port) > 65_535)
    throw new AppError(
      'BAD_REQUEST',
      `--falcon-rpc takes ADDRESS:PORT, 0.0.0.0:8433 say, not ${JSON.stringify(address)}`,
    );
  return { host, port: Number(port), allowed: rangesOf(allow) };
}

function rangesOf(text: string): BlockList {
  const ranges = new BlockList();
  for (const range of text.split(',')) {
    const [address = '', bits = ''] = range.trim().split('/');
    const family = isIP(address);
    const length = bits === '' && !range.includes('/') ? (family === 6 ? 128 : 32) : Number(bits);
    if (family === 0 || !/^\d*$/.test(bits) || length > (family === 6 ? 128 : 32))
      throw new AppError('BAD_REQUEST', `--falcon-rpc-allow takes 10.0.0.0/8,192.168.1.7, not ${JSON.stringify(text)}`);
    ranges.addSubnet(address, length, family === 6 ? 'ipv6' : 'ipv4');
  }
  return ranges;
}

function pushRateOf(text: string): number {
  const rate = Number(text);
  if (/^\d+$/.test(text) && rate >= 1) return rate;
  throw new AppError('BAD_REQUEST', `--push-rate takes samples a second, 500000 say, not ${JSON.stringify(text)}`);
}
