/** Looks at what the host is once a minute, and tells when something has changed. */
import {
  type CancelTimer,
  type Clock,
  INVENTORY_ITEMS_MAX,
  type InventoryItems,
  type InventoryWish,
} from '../../../core/index.ts';
import type { FileGate } from '../monitors/log/file-gate.ts';
import { FileItems } from './file-items.ts';
import { PackageItems, packageRoots } from './package-items.ts';
import { systemItems } from './system-items.ts';

const EVERY_MS = 60_000;
/** After the start, and after a new wish: when the wishes of both sides are here. */
const SOON_MS = 3000;
/** All items together, as text: they travel in one message. */
const LENGTH_MAX = 256 * 1024;

export type InventoryOptions = {
  readonly clock: Clock;
  readonly procRoot: string;
  readonly gate: FileGate;
  /** Version of Docker; null where there is none. */
  readonly docker: () => string | null;
  readonly send: (items: InventoryItems) => void;
};

export class Inventory {
  readonly #options: InventoryOptions;
  readonly #packages: PackageItems;
  readonly #files: FileItems;
  readonly #wishes = new Map<'file' | 'server', InventoryWish>();
  #sent = '';
  #isLooking = false;
  #isStopped = false;
  #cancel: CancelTimer = () => {};
  /** Items beyond the limits, at the last look. */
  refused = 0;

  constructor(options: InventoryOptions) {
    this.#options = options;
    this.#packages = new PackageItems(options.gate, packageRoots);
    this.#files = new FileItems(options.gate);
  }

  start(): void {
    this.#lookAfter(SOON_MS);
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel();
  }

  /** Replaces what one side wanted before. */
  wish(from: 'file' | 'server', wish: InventoryWish): void {
    if (JSON.stringify(wish) === JSON.stringify(this.#wishes.get(from))) return;
    this.#wishes.set(from, wish);
    this.#lookAfter(SOON_MS);
  }

  #lookAfter(delayMs: number): void {
    this.#cancel();
    if (this.#isStopped) return;
    this.#cancel = this.#options.clock.after(delayMs, () => void this.#look());
  }

  /** A look that hangs is not begun again; the next one is a minute after its end. */
  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      const items = await this.#gather();
      const text = JSON.stringify(items);
      if (text !== this.#sent && !this.#isStopped) this.#options.send(items);
      this.#sent = text;
    } finally {
      this.#isLooking = false;
      this.#lookAfter(EVERY_MS);
    }
  }

  async #gather(): Promise<InventoryItems> {
    const all = (key: keyof InventoryWish): readonly string[] => [
      ...new Set([...this.#wishes.values()].flatMap((wish) => wish[key])),
    ];
    const { procRoot, docker } = this.#options;
    const found = systemItems({ procRoot, etcRoot: '/etc' }, all('sysctls'));
    const version = docker();
    if (version !== null) found.set('docker.version', version);
    for (const [name, value] of await this.#packages.items(all('packages'))) found.set(name, value);
    for (const [name, value] of await this.#files.items(all('files'))) found.set(name, value);
    return this.#bounded(found);
  }

  /** In the order of their names, so that equal inventories are equal as text. */
  #bounded(found: ReadonlyMap<string, string>): InventoryItems {
    const items: Record<string, string> = {};
    let length = 0;
    this.refused = 0;
    for (const [name, value] of [...found].sort(([a], [b]) => (a < b ? -1 : 1))) {
      length += name.length + value.length;
      if (Object.keys(items).length < INVENTORY_ITEMS_MAX && length < LENGTH_MAX) items[name] = value;
      else this.refused++;
    }
    return items;
  }
}
