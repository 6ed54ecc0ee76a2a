import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Clock } from '../../../core/index.ts';
import { type Command, UsageError } from '../../command.ts';
import { readText } from '../../file.ts';
import { parseFlags, refusePositionals } from '../../flags.ts';
import { type Check, type Finding, lookAt } from './check.ts';
import { engineChecks } from './host/engine-checks.ts';
import { kernelChecks } from './host/kernel-checks.ts';
import { thisMachine } from './host/machine.ts';
import { placeChecks } from './host/place-checks.ts';
import { runtimeChecks } from './host/runtime-checks.ts';
import { doctorAnswer, doctorAnswerSchema, doctorText } from './report.ts';
import { serverChecks } from './server/server-checks.ts';

const text = { type: 'string' } as const;
const yes = { type: 'boolean' } as const;
const spec = {
  server: text,
  'token-file': text,
  'data-dir': text,
  port: text,
  'docker-socket': text,
  'podman-socket': text,
  json: yes,
  schema: yes,
  strict: yes,
} as const;

type Flags = ReturnType<typeof parseFlags<typeof spec>>['flags'];

export const doctorCommand: Command = {
  name: 'doctor',
  summary: 'check this host and a server, and say what to fix',
  help: `Usage: saker doctor [flags]

Looks at what Saker needs of this host, and says of everything that is not as it should be why that matters and which
command fixes it. It changes nothing. With --server it looks at a server as well, and with --data-dir at the folder of a
server (or of a collector that keeps samples) on this host.

  --server URL          a server, e.g. http://127.0.0.1:7070
  --token-file FILE     with a token of scope api: its collectors are looked at too
  --data-dir DIR        space, rights and time of a sync of this folder (.saker, where it is there)
  --port PORT           whether the server can listen there (7070, with --data-dir)
  --docker-socket PATH  "none" for none (/var/run/docker.sock)
  --podman-socket PATH  "none" for none (/run/podman/podman.sock)
  --strict              a warning counts as a problem for the exit code
  --json                one JSON document; --schema prints its JSON Schema

Exit code: 0 nothing to fix, 1 something to fix, 2 wrong flags.`,
  run: async (args, { out, clock }) => {
    const { flags, positionals } = parseFlags(args, spec);
    refusePositionals(positionals);
    if (flags.schema === true) {
      out(JSON.stringify(doctorAnswerSchema, null, 2));
      return 0;
    }
    const findings = await lookAt(await checksOf(flags, clock));
    out(flags.json === true ? JSON.stringify(doctorAnswer(findings), null, 2) : doctorText(findings));
    return isFine(findings, flags.strict === true) ? 0 : 1;
  },
};

async function checksOf(flags: Flags, clock: Clock): Promise<readonly Check[]> {
  const socketOf = (flag: string | undefined, usual: string): string | null =>
    flag === 'none' ? null : (flag ?? usual);
  const sockets = {
    docker: socketOf(flags['docker-socket'], '/var/run/docker.sock'),
    podman: socketOf(flags['podman-socket'], '/run/podman/podman.sock'),
  };
  const directory = flags['data-dir'] ?? (existsSync('.saker') ? '.saker' : undefined);
  const checks = [...runtimeChecks(thisMachine), ...engineChecks(thisMachine, sockets), ...kernelChecks(thisMachine)];
  const port = portOf(flags.port);
  if (directory !== undefined)
    checks.push(...placeChecks({ directory: resolve(directory), port: port ?? 7070, clock }));
  else if (port !== null) throw new UsageError('--port goes with --data-dir');
  const { server, 'token-file': tokenFile } = flags;
  if (server === undefined && tokenFile !== undefined) throw new UsageError('--token-file goes with --server');
  if (server === undefined) return checks;
  const isAddress = URL.canParse(server) && /^https?:$/.test(new URL(server).protocol);
  if (!isAddress) throw new UsageError('--server takes an address like http://127.0.0.1:7070');
  const token = tokenFile === undefined ? null : (await readText(tokenFile)).trim();
  return [...checks, ...serverChecks({ url: server.replace(/\/+$/, ''), token, clock })];
}

function portOf(flag: string | undefined): number | null {
  if (flag === undefined) return null;
  const port = Number(flag);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new UsageError(`--port takes a number from 1 to 65535, not ${JSON.stringify(flag)}`);
}

function isFine(findings: readonly Finding[], isStrict: boolean): boolean {
  return findings.every(({ status }) => status !== 'problem' && !(isStrict && status === 'warning'));
}
