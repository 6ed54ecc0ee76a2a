import { spawn } from 'node:child_process';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../setup.sh' : '../../../test/setup.sh', import.meta.url),
);

/**
 * Runs `work` with the variables that `test/setup.sh` gives: those that are there already, or, after
 * preparing a Docker engine and the rest, those of its own, which it takes down afterwards.
 */
export async function prepared(
  environment: NodeJS.ProcessEnv,
  work: (environment: NodeJS.ProcessEnv) => Promise<void>,
): Promise<void> {
  if (environment.SAKER_TEST_DOCKER_SOCKET !== undefined) return work(environment);
  const state = await mkdtemp(join(tmpdir(), 'saker-setup-'));
  try {
    await run('up', state);
    const lines = (await readFile(join(state, 'env'), 'utf8')).matchAll(/^export (\w+)=(.*)$/gm);
    await work({ ...environment, ...Object.fromEntries([...lines].map(([, name, value]) => [name, value])) });
  } finally {
    await run('down', state);
  }
}

function run(verb: 'up' | 'down', state: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', [script, verb, state], { stdio: ['ignore', 2, 2] });
    child.once('error', reject);
    child.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`test/setup.sh ${verb} ended with ${code}`)),
    );
  });
}
