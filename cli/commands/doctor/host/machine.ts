import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';

/** Where a host is looked at; tests have trees of their own. */
export type Machine = {
  readonly procRoot: string;
  readonly sysRoot: string;
  readonly cgroupRoot: string;
  readonly runRoot: string;
  readonly devRoot: string;
  readonly nodeVersion: string;
};

export const thisMachine: Machine = {
  procRoot: '/proc',
  sysRoot: '/sys',
  cgroupRoot: '/sys/fs/cgroup',
  runRoot: '/run',
  devRoot: '/dev',
  nodeVersion: process.versions.node,
};

/** The text of a file without blanks around it; null where it can not be read. */
export const textOf = (path: string): Promise<string | null> =>
  readFile(path, 'utf8').then(
    (text) => text.trim(),
    () => null,
  );

/** The numbers in a file; empty where it can not be read. */
export async function numbersOf(path: string): Promise<readonly number[]> {
  return [...((await textOf(path)) ?? '').matchAll(/-?\d+/g)].map(([digits]) => Number(digits));
}

export const isThere = (path: string, mode: number = constants.F_OK): Promise<boolean> =>
  access(path, mode).then(
    () => true,
    () => false,
  );
