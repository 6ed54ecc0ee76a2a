/**
 * Versions of declared packages, from the files in which Debian's and Alpine's package managers keep
 * them, or from `rpm`. A file that has not changed is not read again.
 */
import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import type { FileGate } from '../monitors/log/file-gate.ts';

const RPM_DEADLINE_MS = 10_000;
const FILE_BYTES_MAX = 64 * 1024 * 1024;

export type PackageRoots = { readonly dpkg: string; readonly apk: string; readonly rpm: string };
export const packageRoots: PackageRoots = {
  dpkg: '/var/lib/dpkg/status',
  apk: '/lib/apk/db/installed',
  rpm: '/usr/bin/rpm',
};

type Versions = ReadonlyMap<string, string>;

export class PackageItems {
  readonly #gate: FileGate;
  readonly #roots: PackageRoots;
  #known: { readonly key: string; readonly versions: Versions } = { key: '', versions: new Map() };

  constructor(gate: FileGate, roots: PackageRoots) {
    this.#gate = gate;
    this.#roots = roots;
  }

  /** `package.nginx` → `1.18.0-6`; absent for one that is not installed. Never rejects. */
  async items(names: readonly string[]): Promise<readonly (readonly [string, string])[]> {
    if (names.length === 0) return [];
    const versions = await this.#versions(names).catch((): Versions => new Map());
    return names.flatMap((name) => {
      const version = versions.get(name);
      return version === undefined ? [] : [[`package.${name}`, version.slice(0, 500)] as const];
    });
  }

  async #versions(names: readonly string[]): Promise<Versions> {
    for (const kind of ['dpkg', 'apk'] as const) {
      const path = this.#roots[kind];
      const found = await this.#gate.pass(path, () => stat(path).catch(() => null));
      if (found === null || found.size > FILE_BYTES_MAX) continue;
      const key = `${path} ${found.ino} ${found.size} ${found.mtimeMs} ${[...names].sort().join(' ')}`;
      if (key !== this.#known.key) {
        const text = await this.#gate.pass(path, () => readFile(path, 'utf8'));
        this.#known = { key, versions: kind === 'dpkg' ? dpkgVersions(text, names) : apkVersions(text, names) };
      }
      return this.#known.versions;
    }
    return this.#rpmVersions(names);
  }

  #rpmVersions(names: readonly string[]): Promise<Versions> {
    const format = '%{NAME}\\t%{VERSION}-%{RELEASE}\\n';
    return new Promise((resolve) => {
      const options = { timeout: RPM_DEADLINE_MS, env: {}, maxBuffer: 1024 * 1024 };
      // It ends with the number of packages that are not installed, which is no fault.
      execFile(this.#roots.rpm, ['-q', '--qf', format, '--', ...names], options, (_, output) => {
        const rows = output.split('\n').map((line) => line.split('\t'));
        resolve(new Map(rows.flatMap(([name = '', version]) => (version === undefined ? [] : [[name, version]]))));
      });
    });
  }
}

/** Paragraphs of `Package:`, `Status:` and `Version:` lines. */
function dpkgVersions(text: string, names: readonly string[]): Versions {
  const wanted = new Set(names);
  const versions = new Map<string, string>();
  for (const paragraph of text.split('\n\n')) {
    const name = /^Package: (.*)$/m.exec(paragraph)?.[1] ?? '';
    if (!wanted.has(name) || !/^Status: .* installed$/m.test(paragraph)) continue;
    const version = /^Version: (.*)$/m.exec(paragraph)?.[1];
    if (version !== undefined) versions.set(name, version);
  }
  return versions;
}

/** Paragraphs of `P:name` and `V:version` lines. */
function apkVersions(text: string, names: readonly string[]): Versions {
  const wanted = new Set(names);
  const versions = new Map<string, string>();
  for (const paragraph of text.split('\n\n')) {
    const name = /^P:(.*)$/m.exec(paragraph)?.[1] ?? '';
    const version = /^V:(.*)$/m.exec(paragraph)?.[1];
    if (wanted.has(name) && version !== undefined) versions.set(name, version);
  }
  return versions;
}
