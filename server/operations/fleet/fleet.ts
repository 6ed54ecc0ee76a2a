/**
 * What the server wants of the hosts, and what they say of themselves: monitors out, reports and
 * inventories in.
 *
 * Every two seconds the wishes of the rules and of `monitors.yaml` are put together for each host
 * and sent where they differ from what was sent before. The sum is small (rules on a handful of
 * metrics × hosts), and a wish that came true two seconds later is soon enough.
 */
import { type Node, readNode, type WatchedMetric } from '../../../alerting/index.ts';
import { type FileFault, FollowedFile, formatFileFault } from '../../../collector/index.ts';
import {
  AppError,
  type CancelTimer,
  type Clock,
  type ConsistencyAnswer,
  type ConsistencyQuery,
  describeError,
  type Endpoint,
  type HostInventory,
  type InventoryItems,
  type InventoryWish,
  isAppError,
  type Logger,
  MONITORS_MAX,
  type MonitorReport,
  type MonitorsAnswer,
  type MonitorsMessage,
  type PushedMonitor,
  type StateStore,
} from '../../../core/index.ts';
import { type Comparison, compareHosts } from './consistency.ts';
import { checkFleetFile, emptyFleetFile, type FleetFile } from './fleet-file.ts';
import { filterInWords, type HostFilter, type KnownHost, matchesHost } from './host-filter.ts';
import { InventoryStore } from './inventory-store.ts';
import { isMadeForRules, monitorsOfRules, type RefusedRule } from './rule-monitors.ts';

const REFRESH_MS = 2000;
const WISH_ITEMS_MAX = 200;
/** Hosts whose last report is kept; whoever reported longest ago goes first. */
const REPORTS_MAX = 10_000;

export type FleetOptions = {
  readonly store: StateStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** `monitors.yaml`; it may be missing. */
  readonly file: string;
  /** What the rules look at on a host. */
  readonly watchedOn: (host: Endpoint, isAsked: (metric: string) => boolean) => readonly WatchedMetric[];
  readonly hosts: () => Iterable<KnownHost>;
  readonly connected: () => ReadonlySet<string>;
  /** False when the collector is not connected. */
  readonly want: (collector: string, wanted: MonitorsMessage) => boolean;
};

export class Fleet {
  readonly #options: FleetOptions;
  readonly #inventories: InventoryStore;
  readonly #followed: FollowedFile;
  readonly #reports = new Map<string, MonitorReport>();
  /** By collector: what was sent on its connection, as text. */
  readonly #sent = new Map<string, string>();
  #file: FleetFile = emptyFleetFile;
  /** By rule and metric. */
  readonly #refused = new Map<string, RefusedRule>();
  #cancel: CancelTimer = () => {};

  private constructor(options: FleetOptions, inventories: InventoryStore) {
    this.#options = options;
    this.#inventories = inventories;
    const { file: path, clock, logger } = options;
    this.#followed = new FollowedFile({
      path,
      clock,
      logger,
      mustExist: false,
      onStatus: () => {},
      take: (text) => this.#takeFile(text),
    });
  }

  /** Reads the file and what is stored; `refresh` is called from then on. Rejects with `STATE_STORE`. */
  static async open(options: FleetOptions): Promise<Fleet> {
    const fleet = new Fleet(options, await InventoryStore.open(options.store, options.clock));
    await fleet.#followed.start();
    fleet.#refreshLater();
    return fleet;
  }

  /** A connection begins with nothing. */
  readonly welcomed = (collector: string): void => {
    this.#sent.delete(collector);
  };

  readonly reported = (collector: string, report: MonitorReport): void => {
    this.#reports.delete(collector);
    this.#reports.set(collector, report);
    const [oldest] = this.#reports.keys();
    if (this.#reports.size > REPORTS_MAX && oldest !== undefined) this.#reports.delete(oldest);
  };

  readonly inventoried = (collector: string, items: InventoryItems): void => {
    this.#inventories.put(collector, items).catch((error: unknown) => {
      this.#options.logger.error({ host: collector, error: describeError(error) }, 'an inventory could not be stored');
    });
  };

  /** Sends every connected host what it should watch, where that has changed. */
  refresh(): void {
    this.#refused.clear();
    const connected = this.#options.connected();
    for (const collector of this.#sent.keys()) if (!connected.has(collector)) this.#sent.delete(collector);
    for (const host of this.#options.hosts()) {
      if (!connected.has(host.collector)) continue;
      const wanted = this.#wantedOf(host);
      const text = JSON.stringify(wanted);
      if (text === this.#sent.get(host.collector)) continue;
      if (this.#send(host.collector, wanted)) this.#sent.set(host.collector, text);
    }
  }

  /** False when it is to be tried again. What does not fit into a message is told once and left out. */
  #send(collector: string, wanted: MonitorsMessage): boolean {
    try {
      return this.#options.want(collector, wanted);
    } catch (error) {
      if (!isAppError(error, 'FRAME_TOO_LARGE')) throw error;
      const fields = { collector, monitors: wanted.monitors.length, reason: describeError(error) };
      this.#options.logger.error(fields, 'what is wanted of a host does not fit into one message; declare less for it');
      return true;
    }
  }

  monitors(): MonitorsAnswer {
    const connected = this.#options.connected();
    return {
      file: this.#options.file,
      error: this.#followed.error,
      declared: this.#file.monitors.map(({ monitor, where }) => {
        return { name: monitor.name, type: monitor.type, where: filterInWords(where) };
      }),
      refused: [...this.#refused.values()],
      collectors: [...this.#reports].map(([name, report]) => ({ name, connected: connected.has(name), ...report })),
    };
  }

  inventories(host: string | undefined): HostInventory[] {
    return this.#inventories.all().filter((one) => host === undefined || one.host === host);
  }

  consistency({ host, node, items }: ConsistencyQuery): ConsistencyAnswer {
    const filter: HostFilter = { host: host ?? null, nodes: nodesOf(node), labels: {} };
    const known = [...this.#options.hosts()].filter((one) => matchesHost(filter, one));
    const found = known.flatMap((one) => this.#inventories.find(one.collector) ?? []);
    const inventoried = new Set(found.map((one) => one.host));
    const silent = known.map(({ collector }) => collector).filter((name) => !inventoried.has(name));
    return compareHosts({ hosts: found, ...this.#expectations(known), pattern: items ?? null }, silent);
  }

  metrics(): Readonly<Record<string, number>> {
    const states = [...this.#reports.values()].flatMap(({ monitors }) => monitors);
    return {
      monitors: states.length,
      monitorsFailing: states.filter(({ state }) => state === 'failing').length,
      inventories: this.#inventories.all().length,
      inventoriesRefused: this.#inventories.refused,
    };
  }

  async close(): Promise<void> {
    this.#cancel();
    await this.#followed.close();
  }

  #refreshLater(): void {
    this.#cancel = this.#options.clock.after(REFRESH_MS, () => {
      this.refresh();
      this.#refreshLater();
    });
  }

  async #takeFile(text: string): Promise<string | null> {
    const checked = await checkFleetFile(text, this.#options.file);
    if (checked.kind === 'invalid') return checked.faults.map((fault: FileFault) => formatFileFault(fault)).join('\n');
    this.#file = checked.file;
    return null;
  }

  #wantedOf(host: KnownHost): MonitorsMessage {
    const fits = ({ where }: { readonly where: HostFilter }): boolean => matchesHost(where, host);
    const declared = this.#file.monitors.filter(fits).map(({ monitor }) => monitor);
    const derived = monitorsOfRules(this.#options.watchedOn(host.endpoint, isMadeForRules));
    for (const one of derived.refused) this.#refused.set(`${one.rule}\n${one.metric}`, one);
    const monitors: PushedMonitor[] = [
      ...declared.map((monitor) => ({ origin: 'server' as const, monitor })),
      ...derived.wanted.map((monitor) => ({ origin: 'rule' as const, monitor })),
    ];
    const wishes = this.#file.wishes.filter(fits).map(({ wish }) => wish);
    return { monitors: monitors.slice(0, MONITORS_MAX), inventory: mergeWishes(wishes) };
  }

  #expectations(hosts: readonly KnownHost[]): Pick<Comparison, 'baselineItems' | 'expectationOf'> {
    const byHost = new Map(
      hosts.map((host) => [host.collector, this.#file.baselines.filter(({ where }) => matchesHost(where, host))]),
    );
    const baselineItems = [...byHost.values()].flat().flatMap(({ items }) => [...items.keys()]);
    return {
      baselineItems,
      expectationOf: (host, item) => {
        const baseline = byHost.get(host)?.find(({ items }) => items.has(item));
        return baseline && { baseline: baseline.name, value: baseline.items.get(item) ?? null };
      },
    };
  }
}

function mergeWishes(wishes: readonly InventoryWish[]): InventoryWish {
  const all = (key: keyof InventoryWish): string[] =>
    [...new Set(wishes.flatMap((wish) => wish[key]))].slice(0, WISH_ITEMS_MAX);
  return { packages: all('packages'), files: all('files'), sysctls: all('sysctls') };
}

/** Throws `BAD_REQUEST` for what is no node. */
function nodesOf(text: string | undefined): readonly Node[] {
  if (text === undefined) return [];
  const read = readNode(text);
  if ('node' in read) return [read.node];
  throw new AppError('BAD_REQUEST', read.fault, { where: 'querystring/node' });
}
