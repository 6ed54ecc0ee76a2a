/**
 * What people declare beside what is measured anyway: monitors, receivers, the inventory. Wires the
 * collector's own file, what the server wants, and the frames together.
 */
import {
  type Clock,
  type InventoryItems,
  type Logger,
  type MonitorReport,
  type MonitorsMessage,
  matchesWildcard,
  version,
} from '../../core/index.ts';
import type { FactsDesk } from '../engines/container-facts.ts';
import type { ContainerDescription } from '../sampling/identity.ts';
import type { EndpointEntry } from '../sampling/series-register.ts';
import { type CollectorConfig, defaultConfig } from './file/config.ts';
import type { FollowedFile } from './file/followed-file.ts';
import { Inventory } from './inventory/inventory.ts';
import { createMonitor } from './monitors/create-monitor.ts';
import { FileGate } from './monitors/log/file-gate.ts';
import type { FindContainerLogs } from './monitors/log/log-monitor.ts';
import { OffsetStore } from './monitors/log/offset-store.ts';
import { MonitorSet } from './monitors/monitor-set.ts';
import { ProcessTable } from './monitors/process/process-table.ts';
import type { Readings } from './readings.ts';
import { Receivers } from './receivers/receivers.ts';

/** A report follows a change by this long, and comes this often without one. */
const REPORT_AFTER_MS = 1000;
const REPORT_EVERY_MS = 60_000;

/** What is sent to the server; the newest one of each kind is sent again after a reconnect. */
export type Outgoing = {
  readonly report: (report: MonitorReport) => void;
  readonly inventory: (items: InventoryItems) => void;
};

export type DeclaredOptions = {
  /** The collector's own file; null: there is none. */
  readonly configFile: string | null;
  /** Folder for what must outlive a restart; null: nothing does. */
  readonly stateDirectory: string | null;
  readonly procRoot: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly readings: Readings;
  readonly containers: () => Iterable<{ readonly container: ContainerDescription; readonly entry: EndpointEntry }>;
  readonly facts: FactsDesk;
  /** The labels of the host's endpoint. */
  readonly label: (labels: Readonly<Record<string, string>>) => void;
  /** Version of Docker, where it answers. */
  readonly docker: () => string | null;
  readonly outgoing: Outgoing;
};

export class Declared {
  readonly #options: DeclaredOptions;
  readonly #monitors: MonitorSet;
  readonly #inventory: Inventory;
  readonly #receivers: Receivers;
  readonly #stop = new AbortController();
  #config: CollectorConfig = defaultConfig;
  #file: FollowedFile | null = null;
  #cancelReport = (): void => {};
  #isReportDue = false;

  constructor(options: DeclaredOptions) {
    this.#options = options;
    const { clock, logger, procRoot, readings, stateDirectory } = options;
    const gate = new FileGate(clock);
    this.#receivers = new Receivers({
      clock,
      readings,
      containers: options.containers,
      facts: ({ id, pid }, signal) => options.facts.of(id, pid, signal),
      onChange: () => this.#reportSoon(),
    });
    const { outgoing, docker } = options;
    this.#inventory = new Inventory({ clock, procRoot, gate, docker, send: outgoing.inventory });
    const shop = {
      clock,
      version,
      procRoot,
      processes: new ProcessTable(procRoot, clock),
      gate,
      offsets: new OffsetStore(stateDirectory === null ? null : `${stateDirectory}/log-offsets.json`, clock, logger),
      containerLogs: this.#containerLogs,
      allowed: () => this.#config.allow,
    };
    this.#monitors = new MonitorSet({
      clock,
      readings,
      create: (wanted, onScripts) => createMonitor(shop, wanted, onScripts),
      onChange: () => this.#reportSoon(),
    });
  }

  /** Resolves when the file was read for the first time, so that the first tick has its labels. */
  async start(): Promise<void> {
    await this.#followFile();
    this.#monitors.start();
    this.#inventory.start();
    this.#receivers.start();
    this.#reportSoon();
  }

  /** What the server wants of this host; replaces what it wanted before. */
  take({ monitors, inventory }: MonitorsMessage): void {
    this.#monitors.declare('server', monitors);
    this.#inventory.wish('server', inventory);
  }

  losses(): Record<string, number> {
    return {
      monitorChecksSkipped: this.#monitors.skipped,
      monitorsRefused: this.#monitors.refused,
      monitorValuesRefused: this.#options.readings.refused,
      scrapeTargetsRefused: this.#receivers.refused,
      inventoryItemsRefused: this.#inventory.refused,
    };
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#cancelReport();
    await this.#file?.close();
    this.#receivers.stop();
    this.#inventory.stop();
    this.#monitors.stop();
  }

  /** YAML is only loaded by who uses it. */
  async #followFile(): Promise<void> {
    const { configFile: path, clock, logger } = this.#options;
    if (path === null) return;
    const { FollowedFile, checkCollectorFile, formatFileFault } = await import('./file/index.ts');
    const take = async (text: string): Promise<string | null> => {
      const checked = await checkCollectorFile(text, path);
      if (checked.kind === 'invalid') return checked.faults.map(formatFileFault).join('\n');
      this.#apply(checked.config);
      return null;
    };
    this.#file = new FollowedFile({ path, clock, logger, take, mustExist: true, onStatus: () => this.#reportSoon() });
    await this.#file.start();
  }

  #apply(config: CollectorConfig): void {
    this.#config = config;
    this.#options.label(config.labels);
    this.#inventory.wish('file', config.inventory);
    this.#receivers.apply(config.receivers);
    this.#monitors.declare(
      'file',
      config.monitors.map((monitor) => ({ origin: 'file', monitor })),
    );
  }

  readonly #containerLogs: FindContainerLogs = async (pattern) => {
    const { containers, facts } = this.#options;
    const logs: { endpoint: EndpointEntry; path: string }[] = [];
    const faults: string[] = [];
    for (const { container, entry } of [...containers()]) {
      if (!matchesWildcard(pattern, container.name) && !matchesWildcard(pattern, entry.description.name)) continue;
      const known = await facts.of(container.id, container.pid, this.#stop.signal);
      if (typeof known === 'string') faults.push(`${container.name}: ${known}`);
      else if (known.logPath !== null) logs.push({ endpoint: entry, path: known.logPath });
      else {
        faults.push(
          `${container.name} uses the log driver ${known.logDriver}, which writes no file that can be read; use json-file`,
        );
      }
    }
    return { logs, problem: faults.length === 0 ? null : faults.slice(0, 3).join('; ') };
  };

  #reportSoon(): void {
    if (this.#isReportDue || this.#stop.signal.aborted) return;
    this.#isReportDue = true;
    this.#cancelReport();
    this.#cancelReport = this.#options.clock.after(REPORT_AFTER_MS, () => {
      this.#isReportDue = false;
      this.#options.outgoing.report(this.#report());
      this.#cancelReport = this.#options.clock.after(REPORT_EVERY_MS, () => this.#reportSoon());
    });
  }

  #report(): MonitorReport {
    const states = [...this.#monitors.states(), ...this.#receivers.states()];
    return { fileError: this.#file?.error?.slice(0, 4000) ?? null, monitors: states };
  }
}
