import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Saker } from './saker.ts';

const program = fileURLToPath(
  new URL(
    import.meta.url.endsWith('.ts')
      ? '../../dist/collector/saker-collector.mjs'
      : '../../collector/saker-collector.mjs',
    import.meta.url,
  ),
);

export type Agent = { readonly pid: number; stop(signal?: NodeJS.Signals): Promise<void> };

/** A collector of the built project, started with the flags that `saker collector` gives it. */
export function startAgent(
  saker: Pick<Saker, 'url' | 'dataDirectory'>,
  name: string,
  dockerSocket: string,
  more: readonly string[] = [],
): Agent {
  const where = ['--server', saker.url.replace('http', 'ws'), '--docker-socket', dockerSocket, '--name', name];
  const token = ['--token-file', join(saker.dataDirectory, 'collector.token'), '--log-level', 'warn'];
  // Containers of other engines on this machine are not what is measured.
  const only = ['--cgroup-scan', 'off'];
  const child = spawn(process.execPath, ['--max-semi-space-size=1', program, ...where, ...token, ...only, ...more], {
    stdio: ['ignore', 'ignore', 2],
  });
  return { pid: child.pid ?? 0, stop: (signal) => stop(child, signal) };
}

export async function stop(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await once(child, 'exit');
}
