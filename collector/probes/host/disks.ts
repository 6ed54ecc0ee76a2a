/**
 * /proc/diskstats: requests and times of whole block devices (Documentation/admin-guide/iostats).
 * Partitions are left out, being parts of what is shown; loop, RAM, floppy and CD devices as well,
 * and a device that never did anything (there are sixteen idle nbd on some hosts).
 */
import type { ByteScanner } from '../../reading/byte-scanner.ts';
import { Counter } from '../../reading/counter.ts';
import { TableRows } from '../../reading/table-rows.ts';
import type { Column } from '../../sampling/series-register.ts';
import type { Probe, ProbeSite } from '../probe.ts';

const DEVICES_MAX = 2048;
const SECTOR_BYTES = 512;
const HIDDEN = /^(loop|ram|zram|fd|sr)\d+$/;

/** Fields behind the name, in the kernel's order. */
const FIELD_COUNT = 11;
const READS = 0;
const READ_SECTORS = 2;
const READ_MS = 3;
const WRITES = 4;
const WRITE_SECTORS = 6;
const WRITE_MS = 7;
const BUSY_MS = 9;

class Device {
  readonly readBytes = new Counter();
  readonly writeBytes = new Counter();
  readonly reads = new Counter();
  readonly writes = new Counter();
  readonly busyMs = new Counter();
  readonly requests = new Counter();
  readonly requestMs = new Counter();
  readonly columns: Readonly<Record<'readBytes' | 'writeBytes' | 'reads' | 'writes' | 'util' | 'await', Column>>;

  constructor(site: ProbeSite, name: string) {
    const tags = { device: name };
    this.columns = {
      readBytes: site.column('disk.io.read_bytes', tags),
      writeBytes: site.column('disk.io.write_bytes', tags),
      reads: site.column('disk.io.read_requests', tags),
      writes: site.column('disk.io.write_requests', tags),
      util: site.column('disk.io.util', tags),
      await: site.column('disk.io.await', tags),
    };
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
    const at = (index: number): number => this.#fields[index] as number;
    const requests = at(READS) + at(WRITES);
    if (requests === 0) return;
    const { readAtMs } = this.#site.desk;
    const { columns } = device;
    this.#site.set(columns.readBytes, device.readBytes.perSecond(at(READ_SECTORS) * SECTOR_BYTES, readAtMs));
    this.#site.set(columns.writeBytes, device.writeBytes.perSecond(at(WRITE_SECTORS) * SECTOR_BYTES, readAtMs));
    this.#site.set(columns.reads, device.reads.perSecond(at(READS), readAtMs));
    this.#site.set(columns.writes, device.writes.perSecond(at(WRITES), readAtMs));
    // Milliseconds of work per second of time, as a share; the kernel rounds up by a jiffy at times.
    this.#site.set(columns.util, Math.min(100, device.busyMs.perSecond(at(BUSY_MS), readAtMs) / 10));
    // Without a request there is no mean: 0 / 0 is NaN, no sample.
    const requestMs = device.requestMs.delta(at(READ_MS) + at(WRITE_MS));
    this.#site.set(columns.await, requestMs / device.requests.delta(requests));
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
