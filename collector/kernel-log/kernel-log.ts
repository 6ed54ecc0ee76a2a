/**
 * Follows the kernel log: tells events, and counts them as series.
 *
 * Read with each tick, a bounded number of records. What the kernel wrote in the minutes before the
 * start is read as well, since a collector may have been killed together with what it should tell
 * of; the server knows an event that was told before by its id, which is made of the host's boot
 * and the number of the line.
 */
import type { Clock, HostEvent } from '../../core/index.ts';
import type { Probe, ProbeSite } from '../probes/probe.ts';
import type { Owner } from '../sampling/identity.ts';
import type { Column } from '../sampling/series-register.ts';
import { classify, type EventKind, eventKinds, type OomSummary, oomSummaryOf, type Told } from './classify.ts';
import { type KernelRecord, KmsgFile } from './kmsg-file.ts';

/** A ring of 1 MiB holds some 10,000 lines: read in half a minute, 5 µs each. */
const RECORDS_PER_TICK = 500;

/** Older lines are no news. */
const AGE_MS_MAX = 10 * 60_000;

/** Events of one kind in a minute; a program that crashes in a loop is told of often enough. */
const PER_KIND_AND_MINUTE = 20;
const MINUTE_MS = 60_000;

const LINE_LENGTH_MAX = 1024;

/** Whom something happened to: by the control group or the process, as far as known. */
export type FindOwner = (told: { readonly cgroup?: string; readonly pid?: number }) => Owner | null;

export type KernelLogOptions = {
  readonly site: ProbeSite;
  readonly host: string;
  readonly path: string;
  /** Tells one boot of the host from another. */
  readonly bootId: string;
  /** Wall-clock time of the boot, ms. */
  readonly bootedAtMs: number;
  readonly ownerOf: FindOwner;
  readonly tell: (event: HostEvent) => void;
};

export class KernelLog implements Probe {
  readonly name = 'kernel log';
  readonly #options: KernelLogOptions;
  readonly #clock: Clock;
  readonly #file: KmsgFile;
  readonly #startedAtMs: number;
  readonly #columns: ReadonlyMap<EventKind, Column>;
  readonly #counts = new Map<EventKind, number>();
  readonly #told = new Map<EventKind, number>();
  #minuteAtMs = Number.NEGATIVE_INFINITY;
  #summary: OomSummary | null = null;
  readonly #isOpen: boolean;
  /** Events that were counted and not told, because there were too many of their kind. */
  suppressed = 0;

  constructor(options: KernelLogOptions) {
    this.#options = options;
    this.#clock = options.site.clock;
    this.#startedAtMs = this.#clock.nowMs();
    this.#file = new KmsgFile(options.path);
    this.#isOpen = this.#file.open();
    this.#columns = new Map(eventKinds.map((kind) => [kind, options.site.column('kernel.log.events', { kind })]));
  }

  /** False where there is nothing to follow. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Lines that were lost because the kernel wrote faster than we read. */
  get overruns(): number {
    return this.#file.overruns;
  }

  sample(): void {
    if (!this.#isOpen) return;
    this.#counts.clear();
    for (let count = 0; count < RECORDS_PER_TICK; count++) {
      const record = this.#file.next();
      if (record === null) break;
      if (record !== 'skipped') this.#heard(record);
    }
    for (const [kind, column] of this.#columns) this.#options.site.set(column, this.#counts.get(kind) ?? 0);
  }

  close(): void {
    this.#file.close();
  }

  #heard(record: KernelRecord): void {
    const atMs = Math.round(this.#options.bootedAtMs + record.bootUs / 1000);
    const summary = oomSummaryOf(record.text);
    if (summary !== null) this.#summary = summary;
    if (this.#startedAtMs - atMs > AGE_MS_MAX) return;
    const told = classify(record.text);
    if (told === null) return;
    // What was before the start was counted by the run before, if there was one.
    if (atMs >= this.#startedAtMs) this.#counts.set(told.kind, (this.#counts.get(told.kind) ?? 0) + 1);
    if (this.#mayTell(told.kind)) this.#options.tell(this.#eventOf(record, atMs, told));
    else this.suppressed++;
  }

  #eventOf(record: KernelRecord, atMs: number, told: Told): HostEvent {
    const { host, bootId, ownerOf } = this.#options;
    const summary = told.kind === 'oom_kill' && this.#summary?.pid === told.pid ? this.#summary : null;
    const owner = ownerOf(summary === null ? told : { ...told, cgroup: summary.cgroup });
    const why = summary === null ? {} : { cause: summary.isLimit ? 'limit' : 'host' };
    const place = owner === null ? 'on the host' : `in ${owner.endpoint}`;
    return {
      id: `${bootId}-${record.seq}`,
      kind: told.kind,
      severity: told.severity,
      atMs,
      endpoint: owner?.endpoint ?? host,
      text: `${told.text} (${place})`.slice(0, 512),
      line: record.text.slice(0, LINE_LENGTH_MAX),
      facts: { ...told.facts, ...why, ...owner?.facts },
    };
  }

  #mayTell(kind: EventKind): boolean {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#minuteAtMs >= MINUTE_MS) {
      this.#minuteAtMs = nowMs;
      this.#told.clear();
    }
    const count = (this.#told.get(kind) ?? 0) + 1;
    this.#told.set(kind, count);
    return count <= PER_KIND_AND_MINUTE;
  }
}
