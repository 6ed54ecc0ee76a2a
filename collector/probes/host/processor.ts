/**
 * /proc/stat: where the processors' time went, and the tasks (proc(5), fs/proc/stat.c).
 *
 * Times are in ticks of 10 ms. Shares are of the ticks that passed, not of the clock, so that they
 * always add up. `busy` is everything but idle, as in Open-Falcon: waiting for I/O counts as busy.
 */

import type { ByteScanner } from '../../reading/byte-scanner.ts';
import { Counter } from '../../reading/counter.ts';
import type { Column } from '../../sampling/series-register.ts';
import type { Probe, ProbeSite } from '../probe.ts';

const CORES_MAX = 1024;

/** Fields of a cpu line, in the kernel's order. Guest times are inside user and nice already. */
const FIELD_COUNT = 9;
const IDLE = 3;
const GUEST = 8;

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));
const CPU = bytesOf('cpu');
const CTXT = bytesOf('ctxt ');
const PROCESSES = bytesOf('processes ');
const RUNNING = bytesOf('procs_running ');
const BLOCKED = bytesOf('procs_blocked ');

/** Ticks of one line since the last read. */
class TickShares {
  readonly #before = new Float64Array(FIELD_COUNT).fill(Number.NaN);
  readonly delta = new Float64Array(FIELD_COUNT);
  total = Number.NaN;

  /** Reads the numbers of a line. `total` is NaN where there is no sample. */
  scan(scanner: ByteScanner): void {
    let total = 0;
    for (let field = 0; field < FIELD_COUNT; field++) {
      const read = scanner.uint();
      // Kernels before 2.6.33 end earlier; what they do not count is no time.
      const value = Number.isNaN(read) ? 0 : read;
      const delta = value - (this.#before[field] as number);
      this.#before[field] = value;
      this.delta[field] = delta;
      if (field !== GUEST) total += delta >= 0 ? delta : Number.NaN;
    }
    this.total = total > 0 ? total : Number.NaN;
  }

  percent(field: number): number {
    const delta = this.delta[field] as number;
    return delta >= 0 ? (delta * 100) / this.total : Number.NaN;
  }

  get busyPercent(): number {
    return ((this.total - (this.delta[IDLE] as number)) * 100) / this.total;
  }

  forget(): void {
    this.#before.fill(Number.NaN);
  }
}

export class ProcessorProbe implements Probe {
  readonly name = 'processor';
  readonly #site: ProbeSite;
  readonly #file;
  readonly #all = new TickShares();
  readonly #busy: Column;
  /** Columns of the fields, in the order of the fields. */
  readonly #fields: readonly Column[];
  readonly #cores: ({ readonly shares: TickShares; readonly column: Column; round: number } | undefined)[] = [];
  readonly #switches = new Counter();
  readonly #forks = new Counter();
  readonly #tasks: Readonly<Record<'switches' | 'forks' | 'running' | 'blocked', Column>>;
  #round = 0;

  constructor(site: ProbeSite) {
    this.#site = site;
    this.#file = site.file(`${site.procRoot}/stat`);
    this.#busy = site.column('cpu.busy');
    const names = ['user', 'nice', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal', 'guest'];
    this.#fields = names.map((name) => site.column(`cpu.${name}`));
    this.#tasks = {
      switches: site.column('cpu.switches'),
      forks: site.column('proc.forks'),
      running: site.column('proc.running'),
      blocked: site.column('proc.blocked'),
    };
  }

  sample(): void {
    if (!this.#file.read()) return this.#forget();
    this.#round++;
    const { scanner, readAtMs } = this.#site.desk;
    let coreCount = 0;
    while (!scanner.atEnd) {
      if (scanner.accept(CPU)) {
        if (this.#scanCpuLine(scanner)) coreCount++;
      } else {
        this.#scanTaskLine(scanner, readAtMs);
      }
      scanner.skipLine();
    }
    if (coreCount > 0) this.#site.facts.cpuCount = coreCount;
  }

  close(): void {
    this.#file.close();
  }

  /** The position is behind `cpu`. True for a line of one core. */
  #scanCpuLine(scanner: ByteScanner): boolean {
    const isSum = scanner.peek() === 32;
    const core = isSum ? -1 : scanner.uint();
    if (isSum) {
      this.#all.scan(scanner);
      this.#site.set(this.#busy, this.#all.busyPercent);
      for (let field = 0; field < FIELD_COUNT; field++) {
        this.#site.set(this.#fields[field] as Column, this.#all.percent(field));
      }
      return false;
    }
    if (!(core < CORES_MAX)) return false;
    let known = this.#cores[core];
    // A core that was offline for a while starts anew.
    if (known === undefined || known.round !== this.#round - 1) {
      const column = this.#site.column('cpu.busy.core', { core: String(core) });
      known = { shares: new TickShares(), column, round: 0 };
      this.#cores[core] = known;
    }
    known.round = this.#round;
    known.shares.scan(scanner);
    this.#site.set(known.column, known.shares.busyPercent);
    return true;
  }

  #scanTaskLine(scanner: ByteScanner, readAtMs: number): void {
    if (scanner.accept(CTXT)) {
      this.#site.set(this.#tasks.switches, this.#switches.perSecond(scanner.uint(), readAtMs));
    } else if (scanner.accept(PROCESSES)) {
      this.#site.set(this.#tasks.forks, this.#forks.perSecond(scanner.uint(), readAtMs));
    } else if (scanner.accept(RUNNING)) {
      this.#site.set(this.#tasks.running, scanner.uint());
    } else if (scanner.accept(BLOCKED)) {
      this.#site.set(this.#tasks.blocked, scanner.uint());
    }
  }

  #forget(): void {
    this.#all.forget();
    this.#cores.length = 0;
    this.#switches.forget();
    this.#forks.forget();
  }
}
