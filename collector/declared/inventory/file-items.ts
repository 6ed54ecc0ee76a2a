/** Declared files: hash, rights and owner. What stands in them never leaves this module. */
import { createHash } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import { describeError } from '../../../core/index.ts';
import type { FileGate } from '../monitors/log/file-gate.ts';

const FILE_BYTES_MAX = 16 * 1024 * 1024;
const CHUNK_BYTES = 256 * 1024;

type Known = { readonly key: string; readonly hash: string };

export class FileItems {
  readonly #gate: FileGate;
  /** Hashes of files that have not changed since. */
  #known = new Map<string, Known>();

  constructor(gate: FileGate) {
    this.#gate = gate;
  }

  /** `file./etc/x.sha256` and `file./etc/x.mode`; absent for one that is not there. Never rejects. */
  async items(paths: readonly string[]): Promise<readonly (readonly [string, string])[]> {
    const found: (readonly [string, string])[] = [];
    const known = new Map<string, Known>();
    for (const path of paths) {
      try {
        const stats = await this.#gate.pass(path, () => stat(path));
        const mode = (stats.mode & 0o7777).toString(8).padStart(4, '0');
        found.push([`file.${path}.mode`, `${mode} ${stats.uid}:${stats.gid}`]);
        const key = `${stats.dev} ${stats.ino} ${stats.size} ${stats.mtimeMs} ${stats.ctimeMs}`;
        const before = this.#known.get(path);
        const hash = before?.key === key ? before.hash : await this.#hash(path, stats);
        known.set(path, { key, hash });
        found.push([`file.${path}.sha256`, hash]);
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? error.code : describeError(error);
        if (code !== 'ENOENT') found.push([`file.${path}.sha256`, `can not be read: ${code}`.slice(0, 500)]);
      }
    }
    this.#known = known;
    return found;
  }

  async #hash(path: string, stats: { readonly size: number; isFile(): boolean }): Promise<string> {
    if (!stats.isFile()) return 'no file';
    if (stats.size > FILE_BYTES_MAX) return `larger than ${FILE_BYTES_MAX / 1024 / 1024} MiB, not hashed`;
    const hash = createHash('sha256');
    const handle = await this.#gate.pass(path, () => open(path, 'r'));
    try {
      const buffer = Buffer.alloc(CHUNK_BYTES);
      for (let read = 0; read <= FILE_BYTES_MAX; ) {
        const { bytesRead } = await this.#gate.pass(path, () => handle.read(buffer, 0, CHUNK_BYTES, read));
        if (bytesRead === 0) break;
        hash.update(buffer.subarray(0, bytesRead));
        read += bytesRead;
      }
      return hash.digest('hex');
    } finally {
      await handle.close();
    }
  }
}
