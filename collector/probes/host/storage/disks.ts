/**
 * /proc/diskstats: requests and times of whole block devices (Documentation/admin-guide/iostats).
 * Partitions are left out, being parts of what is shown; loop, RAM, floppy and CD devices as well,
 * and a device that never did anything (there are sixteen idle nbd on some hosts).
 */
import type { ByteScanner } from '../../../reading/byte-scanner.ts';
import { TableRows } from '../../../reading/table-rows.ts';
import type { Column } from '../../../sampling/series-register.ts';
import type { Probe, ProbeSite } from '../../probe.ts';

const DEVICES_MAX = 2048;
const SECTOR_BYTES = 512;
/** Rates over less would be mostly rounding: a tick right after another. */
const SECONDS_MIN = 0.1;

const HIDDEN = /^(loop|ram|zram|fd|sr)\d+$/;

/** Fields behind the name, in the kernel's order. */
const FIELD_COUNT = 11;
const READS = 0;
const READS_MERGED = 1;
const READ_SECTORS = 2;
const READ_MS = 3;
const WRITES = 4;
const WRITES_MERGED = 5;
const WRITE_SECTORS = 6;
const WRITE_MS = 7;
const IN_PROGRESS = 8;
const BUSY_MS = 9;
const WEIGHTED_MS = 10;

/** The series of a device. */
const metricOf = {
  readBytes: 'disk.io.read_bytes',
  writeBytes: 'disk.io.write_bytes',
  reads: 'disk.io.read_requests',
  writes: 'disk.io.write_requests',
  readsMerged: 'disk.io.read_merged',
  writesMerged: 'disk.io.write_merged',
  inProgress: 'disk.io.ios_in_progress',
  requestSize: 'disk.io.avgrq_sz',
  queueLength: 'disk.io.avgqu-sz',
  util: 'disk.io.util',
  await: 'disk.io.await',
  serviceTime: 'disk.io.svctm',
} as const;
type Series = keyof typeof metricOf;

class Device {
  readonly #site: ProbeSite;
  readonly #columns = new Map<Series, Column>();
  readonly #before = new Float64Array(FIELD_COUNT).fill(Number.NaN);
  readonly #delta = new Float64Array(FIELD_COUNT);
  #atMs = Number.NaN;

  constructor(site: ProbeSite, name: string) {
    this.#site = site;
    for (const series of Object.keys(metricOf) as Series[]) {
      this.#columns.set(series, site.column(metricOf[series], { device: name }));
    }
  }

  /** A counter that went backwards is NaN from here on, and so is all that is made of it. */
  put(fields: Float64Array, atMs: number): void {
    for (let index = 0; index < FIELD_COUNT; index++) {
      const delta = (fields[index] as number) - (this.#before[index] as number);
      this.#delta[index] = delta >= 0 ? delta : Number.NaN;
    }
    this.#before.set(fields);
    const seconds = (atMs - this.#atMs) / 1000;
    this.#atMs = atMs;
    this.#set('inProgress', fields[IN_PROGRESS] as number);
    if (seconds >= SECONDS_MIN) this.#putRates(seconds);
  }

  #putRates(seconds: number): void {
    const at = (index: number): number => this.#delta[index] as number;
    const requests = at(READS) + at(WRITES);
    const sectors = at(READ_SECTORS) + at(WRITE_SECTORS);
    this.#set('readBytes', (at(READ_SECTORS) * SECTOR_BYTES) / seconds);
    this.#set('writeBytes', (at(WRITE_SECTORS) * SECTOR_BYTES) / seconds);
    this.#set('reads', at(READS) / seconds);
    this.#set('writes', at(WRITES) / seconds);
    this.#set('readsMerged', at(READS_MERGED) / seconds);
    this.#set('writesMerged', at(WRITES_MERGED) / seconds);
    // Milliseconds of work per second of time, as a share; the kernel rounds up by a jiffy at times.
    this.#set('util', Math.min(100, at(BUSY_MS) / seconds / 10));
    this.#set('queueLength', at(WEIGHTED_MS) / seconds / 1000);
    // Without a request there is no mean: 0 / 0 is NaN, no sample.
    this.#set('await', (at(READ_MS) + at(WRITE_MS)) / requests);
    this.#set('serviceTime', at(BUSY_MS) / requests);
    this.#set('requestSize', (sectors * SECTOR_BYTES) / requests);
  }

  #set(series: Series, value: number): void {
    const column = this.#columns.get(series);
    if (column !== undefined) this.#site.set(column, value);
  }
}

export class DisksProbe implements Probe {
  readonly name = 'disks';
  readonly #site: ProbeSite;
  readonly #file;
  readonly #rows: TableRows<Device>;
  readonly #fields = new Float64Array(FIELD_COUNT);
  #wholeDevice = '';

  constructor(site: ProbeSite) {
    this.#site = site;
    this.#file = site.file(`${site.procRoot}/diskstats`);
    this.#rows = new TableRows(DEVICES_MAX, (name) => this.#deviceOf(name));
  }

  sample(): void {
    if (!this.#file.read()) return this.#rows.forget();
    const { scanner } = this.#site.desk;
    this.#rows.rewind();
    for (; !scanner.atEnd; scanner.skipLine()) {
      const major = scanner.uint();
      const minor = scanner.uint();
      const from = scanner.skipWord();
      const before = this.#rows.lookups;
      const device = this.#rows.next(scanner, from, scanner.offset);
      if (this.#rows.lookups !== before) {
        this.#site.facts.deviceNames.set(`${major}:${minor}`, scanner.text(from, scanner.offset));
      }
      if (device !== null) this.#put(device, scanner);
    }
  }

  close(): void {
    this.#file.close();
  }

  #put(device: Device, scanner: ByteScanner): void {
    for (let index = 0; index < FIELD_COUNT; index++) this.#fields[index] = scanner.uint();
    const isIdle = this.#fields[READS] === 0 && this.#fields[WRITES] === 0;
    if (!isIdle) device.put(this.#fields, this.#site.desk.readAtMs);
  }

  #deviceOf(name: string): Device | null {
    if (isPartitionOf(name, this.#wholeDevice)) return null;
    this.#wholeDevice = name;
    return HIDDEN.test(name) ? null : new Device(this.#site, name);
  }
}

/**
 * A partition follows its device in the file and is named after it: `sda1` of `sda`, `nvme0n1p2`
 * of `nvme0n1` (a `p` where the device ends in a digit: block/partitions/core.c).
 */
export function isPartitionOf(name: string, device: string): boolean {
  if (device === '' || !name.startsWith(device)) return false;
  const rest = name.slice(device.length);
  return /\d$/.test(device) ? /^p\d+$/.test(rest) : /^\d+$/.test(rest);
}
