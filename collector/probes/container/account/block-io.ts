/**
 * Block I/O of a container, per device.
 *
 * Version 2: `io.stat`, a line a device. Version 1: `blkio.throttle.io_service_bytes` and
 * `…io_serviced`, a line a device and direction. Newer kernels count nothing there until a throttle
 * exists somewhere on the device and show a bare `Total 0`: that is "not accounted", and no sample.
 * It is then looked at seldom, until a device appears. Buffered writes are never attributed in
 * version 1.
 */
import type { ByteScanner } from '../../../reading/byte-scanner.ts';
import { Counter } from '../../../reading/counter.ts';
import type { KeptFile } from '../../../reading/kept-file.ts';
import { TableRows } from '../../../reading/table-rows.ts';
import type { Column } from '../../../sampling/series-register.ts';
import type { Probe, ProbeSite } from '../../probe.ts';
import type { ControllerFolder } from '../cgroup-paths.ts';
import { Turn } from '../turn.ts';

const DEVICES_MAX = 64;

/** Ticks between two looks at files that show no device. */
const EMPTY_TICKS = 10;

/** Every so many ticks it is said whether the kernel counts at all. */
const ACCOUNTED_TICKS = 10;

const EQUALS = 61;
const NEWLINE = 10;
const ZERO = 48;
const NINE = 57;
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));
const READ = bytesOf(' Read ');
const WRITE = bytesOf(' Write ');

type Direction = { readonly counter: Counter; readonly column: Column };
/** What one device has, by the key that `io.stat` uses for it. */
type Device = Readonly<Record<'rbytes' | 'wbytes' | 'rios' | 'wios', Direction>>;

/** Loop and RAM devices: their traffic is counted again below them, or is memory. */
const HIDDEN = /^(loop|ram|zram)\d+$/;

function deviceOf(site: ProbeSite, number: string): Device | null {
  const name = site.facts.deviceNames.get(number) ?? number;
  if (HIDDEN.test(name)) return null;
  const direction = (metric: string): Direction => ({
    counter: new Counter(),
    column: site.column(metric, { device: name }),
  });
  return {
    rbytes: direction('disk.io.read_bytes'),
    wbytes: direction('disk.io.write_bytes'),
    rios: direction('disk.io.read_requests'),
    wios: direction('disk.io.write_requests'),
  };
}

export class BlockIoProbeV2 implements Probe {
  readonly name = 'block io';
  readonly isCounting = true;
  readonly #site: ProbeSite;
  readonly #file: KeptFile;
  readonly #rows: TableRows<Device>;

  constructor(site: ProbeSite, { folder }: ControllerFolder) {
    this.#site = site;
    this.#file = site.file(`${folder}/io.stat`);
    this.#rows = new TableRows(DEVICES_MAX, (number) => deviceOf(site, number));
  }

  sample(): void {
    if (!this.#file.read()) return this.#rows.forget();
    const { scanner } = this.#site.desk;
    this.#rows.rewind();
    for (; !scanner.atEnd; scanner.skipLine()) this.#scanLine(scanner);
  }

  close(): void {
    this.#file.close();
  }

  /**
   * `8:0 rbytes=1459200 wbytes=314773504 rios=192 wios=353 dbytes=0 dios=0`. Some kernels leave out
   * the newline behind a device without figures, so a number begins a device wherever it stands.
   */
  #scanLine(scanner: ByteScanner): void {
    const { readAtMs } = this.#site.desk;
    let device: Device | null = null;
    for (;;) {
      scanner.skipBlanks();
      const first = scanner.peek();
      if (first === -1 || first === NEWLINE) return;
      if (first >= ZERO && first <= NINE) {
        const from = scanner.skipWord();
        device = this.#rows.next(scanner, from, scanner.offset);
        continue;
      }
      const key = keyAt(scanner);
      if (!scanner.skipPast(EQUALS)) return;
      const value = scanner.uint();
      if (device === null || key === null) continue;
      const { counter, column } = device[key];
      this.#site.set(column, counter.perSecond(value, readAtMs));
    }
  }
}

const PAIR_KEYS = (['rbytes', 'wbytes', 'rios', 'wios'] as const).map((key) => ({ key, bytes: bytesOf(`${key}=`) }));

function keyAt(scanner: ByteScanner): keyof Device | null {
  for (const { key, bytes } of PAIR_KEYS) if (scanner.isAt(scanner.offset, bytes)) return key;
  return null;
}

export class BlockIoProbeV1 implements Probe {
  readonly name = 'block io';
  readonly #site: ProbeSite;
  readonly #tables: readonly ThrottleTable[];
  readonly #accounted: Column;
  readonly #accountedTurn = new Turn(ACCOUNTED_TICKS);
  #ticksToLook = 0;
  #deviceCount = 0;

  constructor(site: ProbeSite, { folder }: ControllerFolder) {
    this.#site = site;
    this.#accounted = site.column('disk.io.accounted');
    this.#tables = [
      new ThrottleTable(site, `${folder}/blkio.throttle.io_service_bytes`, 'rbytes', 'wbytes'),
      new ThrottleTable(site, `${folder}/blkio.throttle.io_serviced`, 'rios', 'wios'),
    ];
  }

  /** The kernel counts here: it has shown a device. */
  get isCounting(): boolean {
    return this.#deviceCount > 0;
  }

  sample(): void {
    if (this.#ticksToLook-- <= 0) this.#look();
    if (this.#accountedTurn.isNow()) this.#site.set(this.#accounted, this.isCounting ? 1 : 0);
  }

  close(): void {
    for (const table of this.#tables) table.close();
  }

  #look(): void {
    this.#deviceCount = 0;
    for (const table of this.#tables) this.#deviceCount += table.sample();
    this.#ticksToLook = this.#deviceCount === 0 ? EMPTY_TICKS - 1 : 0;
  }
}

/** One file of version 1: lines `major:minor Read 4096`, ended by `Total n`. */
class ThrottleTable {
  readonly #site: ProbeSite;
  readonly #file: KeptFile;
  readonly #rows: TableRows<{ readonly read: Direction; readonly write: Direction }>;

  constructor(site: ProbeSite, path: string, read: keyof Device, write: keyof Device) {
    this.#site = site;
    this.#file = site.file(path);
    this.#rows = new TableRows(DEVICES_MAX, (number) => {
      const device = deviceOf(site, number);
      return device === null ? null : { read: device[read], write: device[write] };
    });
  }

  /** How many devices the file showed. */
  sample(): number {
    if (!this.#file.read()) {
      this.#rows.forget();
      return 0;
    }
    const { scanner, readAtMs } = this.#site.desk;
    this.#rows.rewind();
    let deviceCount = 0;
    for (; !scanner.atEnd; scanner.skipLine()) {
      const from = scanner.skipWord();
      const to = scanner.offset;
      const isRead = scanner.accept(READ);
      // A device has five lines and more; its name is looked up at the first two only.
      if (!isRead && !scanner.accept(WRITE)) continue;
      if (isRead) deviceCount++;
      const device = this.#rows.next(scanner, from, to);
      if (device === null) continue;
      const { counter, column } = isRead ? device.read : device.write;
      this.#site.set(column, counter.perSecond(scanner.uint(), readAtMs));
    }
    return deviceCount;
  }

  close(): void {
    this.#file.close();
  }
}
