/** What /proc tells of a container's first process and of the program that keeps it (proc(5)). */
import { readFile, readlink } from 'node:fs/promises';

/** USER_HZ: 100 on every architecture that Node runs on. */
const TICKS_PER_S = 100;

export type ProcessFacts = {
  readonly startedAtMs: number;
  /** It uses the network of the host; false where that can not be told. */
  readonly hostNetwork: boolean;
  /** Who keeps it, by the command line of its parent. */
  readonly keeper: Keeper;
};

/**
 * Each engine leaves a small program beside every container, and tells it there whose it is:
 * `conmon -c ID -n NAME` (Podman, CRI-O), `containerd-shim-… -namespace NS -id ID` (containerd).
 */
export type Keeper =
  | { readonly kind: 'conmon'; readonly name: string }
  | { readonly kind: 'shim'; readonly namespace: string; readonly id: string }
  | { readonly kind: 'other' };

/** Null for a process that is gone. */
export async function processFacts(procRoot: string, pid: number): Promise<ProcessFacts | null> {
  const stat = await textOf(`${procRoot}/${pid}/stat`);
  // The name in parentheses may have blanks and parentheses; the fields begin behind its last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [parent, ticks] = [Number(fields[1]), Number(fields[19])];
  if (stat === '' || !Number.isSafeInteger(parent)) return null;
  const bootedAtS = Number(/^btime (\d+)/m.exec(await textOf(`${procRoot}/stat`))?.[1]);
  const startedAtMs = Math.round((bootedAtS + ticks / TICKS_PER_S) * 1000);
  const [own, ofHost] = await Promise.all([1, pid].map((of) => readlink(`${procRoot}/${of}/ns/net`).catch(() => null)));
  return {
    startedAtMs: Number.isSafeInteger(startedAtMs) ? startedAtMs : 0,
    hostNetwork: own !== null && own === ofHost,
    keeper: keeperOf(await textOf(`${procRoot}/${parent}/cmdline`)),
  };
}

/** `commandLine` as the kernel gives it: arguments that end in a zero byte. */
export function keeperOf(commandLine: string): Keeper {
  const [program = '', ...args] = commandLine.split('\0');
  const after = (flag: string): string => args[args.indexOf(flag) + 1] ?? '';
  const name = program.slice(program.lastIndexOf('/') + 1);
  if (name === 'conmon' && args.includes('-n')) return { kind: 'conmon', name: after('-n') };
  if (name.startsWith('containerd-shim') && args.includes('-id')) {
    return { kind: 'shim', namespace: args.includes('-namespace') ? after('-namespace') : 'default', id: after('-id') };
  }
  return { kind: 'other' };
}

const textOf = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');
