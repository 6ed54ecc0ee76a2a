/**
 * Disk space of a container: what its own files take, in the folder where the storage driver keeps
 * them. Walked every ten minutes, one container at a time in the whole collector.
 */
import type { Column } from '../../../sampling/series-register.ts';
import type { Probe, ProbeSite } from '../../probe.ts';
import { type LayerSize, sizeOfLayer } from './layer-walk.ts';

const ROUND_MS = 600_000;

/** The first look comes soon, but not with the container's first seconds, in which it writes most. */
const FIRST_MS = 20_000;

export class LayerProbe implements Probe {
  readonly name = 'writable layer';
  readonly #site: ProbeSite;
  readonly #folder: string;
  readonly #columns: Readonly<Record<'bytes' | 'files', Column>>;
  #stop = new AbortController();
  #dueAtMs: number;
  #isWalking = false;
  #measured: LayerSize | null = null;

  constructor(site: ProbeSite, folder: string) {
    this.#site = site;
    this.#folder = folder;
    this.#columns = { bytes: site.column('disk.layer.bytes'), files: site.column('disk.layer.files') };
    this.#dueAtMs = site.clock.monotonicMs() + FIRST_MS;
  }

  sample(): void {
    if (this.#measured !== null) {
      this.#site.set(this.#columns.bytes, this.#measured.bytes);
      this.#site.set(this.#columns.files, this.#measured.files);
      this.#measured = null;
    }
    const nowMs = this.#site.clock.monotonicMs();
    if (this.#isWalking || nowMs < this.#dueAtMs || this.#site.facts.isWalking) return;
    this.#dueAtMs = nowMs + ROUND_MS;
    void this.#walk();
  }

  close(): void {
    this.#stop.abort();
  }

  /** Never rejects. */
  async #walk(): Promise<void> {
    this.#isWalking = true;
    this.#stop = new AbortController();
    this.#site.facts.isWalking = true;
    this.#measured = await sizeOfLayer(this.#folder, this.#site.clock, this.#stop.signal).catch(() => null);
    this.#site.facts.isWalking = false;
    this.#isWalking = false;
  }
}
