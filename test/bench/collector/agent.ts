import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Saker } from '../../harness/saker.ts';

const program = fileURLToPath(
  new URL(
    import.meta.url.endsWith('.ts')
      ? '../../../dist/collector/saker-collector.mjs'
      : '../../../collector/saker-collector.mjs',
    import.meta.url,
  ),
);

export type Agent = { readonly pid: number; stop(): Promise<void> };

/** A collector of the built project, started with the flags that `saker collector` gives it. */
export function startAgent(saker: Saker, name: string, dockerSocket: string): Agent {
  const where = ['--server', saker.url.replace('http', 'ws'), '--docker-socket', dockerSocket, '--name', name];
  const token = ['--token-file', join(saker.dataDirectory, 'collector.token'), '--log-level', 'warn'];
  const child = spawn(process.execPath, ['--max-semi-space-size=1', program, ...where, ...token], {
    stdio: ['ignore', 'ignore', 2],
  });
  return { pid: child.pid ?? 0, stop: () => stop(child) };
}

export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}
