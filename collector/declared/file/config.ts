/** What a collector's file says, and what holds without one. */
import type { InventoryWish, MonitorDefinition } from '../../../core/index.ts';

export type ReceiversConfig = {
  /** Loopback ports; null: off. */
  readonly otlpPort: number | null;
  readonly statsdPort: number | null;
  /** Whether containers that are labelled for it are scraped. */
  readonly prometheus: boolean;
};

export const FILE_BYTES_MAX = 1024 * 1024;

export type CollectorConfig = {
  readonly labels: Readonly<Record<string, string>>;
  readonly monitors: readonly MonitorDefinition[];
  readonly allow: { readonly scripts: readonly string[]; readonly logs: readonly string[] };
  readonly inventory: InventoryWish;
  readonly receivers: ReceiversConfig;
};

export const defaultConfig: CollectorConfig = {
  labels: {},
  monitors: [],
  allow: { scripts: [], logs: ['/var/log'] },
  inventory: { packages: [], files: [], sysctls: [] },
  receivers: { otlpPort: null, statsdPort: null, prometheus: true },
};
