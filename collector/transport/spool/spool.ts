/**
 * Frames that the server has not acknowledged, in files that outlive this process.
 *
 * Written beside the ticks: a frame becomes bytes at once and waits, bounded, for the disk, so that a
 * disk that hangs costs frames and no tick. The newest of them are in memory as well, are sent from
 * there, and passed over here. Read back a segment at a time, the oldest first; a segment is removed
 * when each of its frames has been acknowledged, so a crash in between sends some again, which the
 * server knows. Beyond the cap the oldest segment goes, and that is told.
 */
import { mkdir, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ByteWriter, type Clock, describeError, isAppError, type Logger } from '../../../core/index.ts';
import type { DescribedFrame } from '../../sampling/sampler.ts';
import type { Generation } from '../../sampling/series-register.ts';
import { FrameChain } from '../frame-chain.ts';
import { framesOf, type Generations, recordOf } from './segment.ts';

export const SPOOL_BYTES_MAX = 512 * 1024 * 1024;

/** A segment is held in memory while it is sent: 200 frames of 5,000 series are 8 MB. */
const FRAMES_PER_SEGMENT = 200;

/** Bytes that wait for the disk; a minute of 100 containers is 100 KB. */
const PENDING_BYTES_MAX = 4 * 1024 * 1024;

const NAME = /^(\d{12})\.spool$/;

/** Seconds that nobody will ever see, because the spool was full. */
export type SpoolGap = { readonly fromSecond: number; readonly toSecond: number; readonly frames: number };

export type SpoolOptions = {
  readonly folder: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly bytesMax?: number;
  readonly onGap: (gap: SpoolGap) => void;
  /** A frame of the running process found no place on the disk. */
  readonly onRefused: (seq: number) => void;
  /** The dictionary of the running process, which goes on where its spooled frames end. */
  readonly liveGeneration: () => Generation;
};

type Stored = { readonly number: number; bytes: number; frames: number };
type Writing = { readonly segment: Stored; readonly chain: FrameChain; readonly records: Buffer[] };
type Reading = { readonly segment: Stored; readonly waiting: Map<string, DescribedFrame> };
/** A frame that is to be written, behind what of its dictionary the segment does not have yet. */
type Pending = { readonly segment: Stored; readonly record: Buffer; readonly seq: number };

const keyOf = ({ frame }: DescribedFrame): string => `${frame.bootEpoch}/${frame.seq}`;

export class Spool {
  readonly #options: SpoolOptions;
  readonly #bytesMax: number;
  readonly #writer = new ByteWriter(64 * 1024);
  /** On disk, the oldest first; the one being written is the last. */
  readonly #segments: Stored[] = [];
  #writing: Writing | null = null;
  #reading: Reading | null = null;
  #isLoading = false;
  /** Never used twice: what is removed may be removed later than another one begins. */
  #nextNumber = 1;
  readonly #generations: Generations = new Map();
  /** Sent on this connection, from here or from memory, and not acknowledged. */
  readonly #inFlight = new Set<string>();
  /** Acknowledged while they were on the disk, or nowhere but in memory. Forgotten with the last segment. */
  readonly #acknowledged = new Set<string>();
  #pending: Pending[] = [];
  #pendingBytes = 0;
  #flushing: Promise<void> = Promise.resolve();
  #complaint = '';
  /** Frames that the cap pushed out. */
  lost = 0;

  private constructor(options: SpoolOptions) {
    this.#options = options;
    this.#bytesMax = options.bytesMax ?? SPOOL_BYTES_MAX;
  }

  /** Opens a folder, made when it is not there, with what an earlier run left in it. Rejects when it can not. */
  static async open(options: SpoolOptions): Promise<Spool> {
    await mkdir(options.folder, { recursive: true, mode: 0o700 });
    const spool = new Spool(options);
    for (const name of (await readdir(options.folder)).sort()) {
      const number = NAME.exec(name)?.[1];
      if (number === undefined) continue;
      const { size } = await stat(join(options.folder, name));
      spool.#segments.push({ number: Number(number), bytes: size, frames: FRAMES_PER_SEGMENT });
    }
    spool.#nextNumber = (spool.#segments.at(-1)?.number ?? 0) + 1;
    return spool;
  }

  get bytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.bytes, 0);
  }

  /** Keeps a frame. Returns at once. */
  append(described: DescribedFrame): void {
    if (this.#pendingBytes > PENDING_BYTES_MAX) return this.#options.onRefused(described.frame.seq);
    const writing = this.#writing ?? this.#begin();
    try {
      writing.chain.sendFrame(described);
    } catch (error) {
      if (!isAppError(error, 'FRAME_TOO_LARGE')) throw error;
      return this.#options.onRefused(described.frame.seq);
    }
    const record = Buffer.concat(writing.records.splice(0));
    writing.segment.bytes += record.length;
    this.#pendingBytes += record.length;
    this.#pending.push({ segment: writing.segment, record, seq: described.frame.seq });
    if (++writing.segment.frames >= FRAMES_PER_SEGMENT) this.#writing = null;
    this.#makeRoom();
    this.#flushing = this.#flushing.then(() => this.#flush());
  }

  /** The oldest frame that is not under way; null when there is none, or it is still being read from the disk. */
  next(): DescribedFrame | null {
    const reading = this.#reading;
    if (reading === null) {
      this.#load();
      return null;
    }
    for (const [key, described] of reading.waiting) if (!this.#inFlight.has(key)) return described;
    return null;
  }

  /** A frame was handed to the connection, from here or from memory. */
  sent(described: DescribedFrame): void {
    this.#inFlight.add(keyOf(described));
  }

  /** The server has this frame; or it can not be sent at all, and is given up. */
  acknowledge(bootEpoch: number, seq: number): void {
    const key = `${bootEpoch}/${seq}`;
    this.#inFlight.delete(key);
    const reading = this.#reading;
    if (reading?.waiting.delete(key) !== true) {
      if (this.#segments.length > 0) this.#acknowledged.add(key);
    } else if (reading.waiting.size === 0) this.#finish(reading.segment);
  }

  connectionLost(): void {
    this.#inFlight.clear();
  }

  /** Resolves when the disk has what was appended, or has refused it. */
  async flushed(): Promise<void> {
    await this.#flushing;
  }

  #begin(): Writing {
    const segment = { number: this.#nextNumber++, bytes: 0, frames: 0 };
    const records: Buffer[] = [];
    const chain = new FrameChain((message) => records.push(recordOf(message)), this.#options.clock, this.#writer);
    this.#segments.push(segment);
    this.#writing = { segment, chain, records };
    return this.#writing;
  }

  /** One write a segment. Never rejects. */
  async #flush(): Promise<void> {
    const pending = this.#pending;
    this.#pending = [];
    for (const segment of new Set(pending.map((one) => one.segment))) {
      const own = pending.filter((one) => one.segment === segment);
      const bytes = Buffer.concat(own.map(({ record }) => record));
      try {
        await append(this.#pathOf(segment), bytes);
      } catch (error) {
        this.#refuse(segment, own, describeError(error));
      }
      this.#pendingBytes -= bytes.length;
    }
  }

  /** What comes behind a frame that was not written whole could not be read: another segment begins. */
  #refuse(segment: Stored, failed: readonly Pending[], reason: string): void {
    if (this.#writing?.segment === segment) this.#writing = null;
    const behind = this.#pending.filter((one) => one.segment === segment);
    this.#pending = this.#pending.filter((one) => one.segment !== segment);
    for (const { record, seq } of [...failed, ...behind]) {
      segment.bytes -= record.length;
      this.#options.onRefused(seq);
    }
    for (const { record } of behind) this.#pendingBytes -= record.length;
    if (reason === this.#complaint) return;
    this.#complaint = reason;
    this.#options.logger.error({ reason }, 'the spool can not be written: frames beyond memory are lost');
  }

  #load(): void {
    const oldest = this.#segments[0];
    if (oldest === undefined || this.#isLoading) return;
    // From here on it is read, so what comes goes into another one.
    if (this.#writing?.segment === oldest) this.#writing = null;
    this.#isLoading = true;
    void this.#read(oldest).finally(() => {
      this.#isLoading = false;
    });
  }

  /** Never rejects: a segment that can not be read is given up. */
  async #read(segment: Stored): Promise<void> {
    await this.#flushing;
    const bytes = await readFile(this.#pathOf(segment)).catch(() => Buffer.alloc(0));
    if (!this.#segments.includes(segment)) return;
    const live = this.#options.liveGeneration();
    this.#generations.set(live.dictionary.generation, live);
    const { frames, damagedBytes } = framesOf(bytes, this.#generations);
    this.#forgetGenerations(frames.at(-1)?.frame.generation ?? 0);
    if (damagedBytes > 0) {
      this.#options.logger.warn({ segment: segment.number, damagedBytes }, 'the end of a spool file can not be read');
    }
    const known = frames.map((described) => [keyOf(described), described] as const);
    const waiting = new Map(known.filter(([key]) => !this.#acknowledged.delete(key)));
    if (waiting.size === 0) this.#finish(segment);
    else this.#reading = { segment, waiting };
  }

  /** Only the generation that the next segment may go on with is kept. */
  #forgetGenerations(newest: number): void {
    for (const number of this.#generations.keys()) if (number !== newest) this.#generations.delete(number);
  }

  #finish(segment: Stored): void {
    if (this.#reading?.segment === segment) this.#reading = null;
    this.#remove(segment);
  }

  #remove(segment: Stored): void {
    const index = this.#segments.indexOf(segment);
    if (index !== -1) this.#segments.splice(index, 1);
    if (this.#segments.length === 0) this.#acknowledged.clear();
    const path = this.#pathOf(segment);
    this.#flushing = this.#flushing.then(() => rm(path, { force: true })).catch(() => {});
  }

  /** The oldest go, whole segments, until the rest fits. */
  #makeRoom(): void {
    while (this.bytes > this.#bytesMax) {
      const oldest = this.#segments.find((segment) => segment !== this.#writing?.segment);
      if (oldest === undefined) return;
      this.#giveUp(oldest);
    }
  }

  #giveUp(segment: Stored): void {
    if (this.#reading?.segment === segment) this.#reading = null;
    this.#segments.splice(this.#segments.indexOf(segment), 1);
    // Behind what is still being written to it.
    this.#flushing = this.#flushing.then(() => this.#tellGap(segment));
  }

  /** Never rejects. */
  async #tellGap(segment: Stored): Promise<void> {
    const path = this.#pathOf(segment);
    const { frames } = framesOf(await readFile(path).catch(() => Buffer.alloc(0)));
    await rm(path, { force: true }).catch(() => {});
    const seconds = frames.map(({ frame }) => frame.second);
    this.lost += frames.length;
    if (seconds.length === 0) return;
    const gap = { fromSecond: Math.min(...seconds), toSecond: Math.max(...seconds), frames: frames.length };
    this.#options.logger.warn(
      { ...gap, bytesMax: this.#bytesMax },
      'the spool is full: its oldest seconds are given up',
    );
    this.#options.onGap(gap);
  }

  #pathOf({ number }: Stored): string {
    return join(this.#options.folder, `${String(number).padStart(12, '0')}.spool`);
  }
}

async function append(path: string, bytes: Buffer): Promise<void> {
  const file = await open(path, 'a', 0o600);
  try {
    await file.writeFile(bytes);
  } finally {
    await file.close();
  }
}
