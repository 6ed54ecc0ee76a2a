import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export type FrontFault = 'none' | 'refuse' | 'reset' | 'stall';

/** A running front; see `main.mjs`. */
export type ClickHouseFront = {
  readonly url: string;
  /** The next `count` inserts of rollups go wrong. */
  fault(kind: FrontFault, count: number): Promise<void>;
  /** SIGKILL, as the machine's out-of-memory killer would. */
  kill(): Promise<void>;
  stop(): Promise<void>;
};

/** Starts the front over an engine in `folder`, which no other process may use meanwhile. */
export async function startClickHouseFront(folder: string): Promise<ClickHouseFront> {
  const script = fileURLToPath(new URL('./main.mjs', import.meta.url));
  const child = spawn(process.execPath, [script, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const url = `http://127.0.0.1:${await portOf(child)}`;
  return {
    url,
    fault: async (kind, count) => {
      await fetch(`${url}/fault?kind=${kind}&count=${count}`, { method: 'POST' });
    },
    kill: () => end(child, 'SIGKILL'),
    stop: () => end(child, 'SIGTERM'),
  };
}

async function portOf(child: ChildProcess): Promise<number> {
  if (child.stdout === null) throw new Error('the front has no output');
  for await (const line of createInterface({ input: child.stdout })) return Number(line);
  throw new Error('the front ended before it listened');
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await once(child, 'exit');
}
