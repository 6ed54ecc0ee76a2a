/**
 * The server's `monitors.yaml`: what is watched on which hosts, what their inventories hold beside
 * the usual, and how they should be.
 */
import { type Node, readNode } from '../../../alerting/index.ts';
import {
  checkExpressions,
  Faults,
  type FileFault,
  ObjectReader,
  parseYaml,
  readInventoryWish,
  readMonitor,
} from '../../../collector/index.ts';
import { type InventoryWish, MONITORS_MAX, type MonitorDefinition } from '../../../core/index.ts';
import { allHosts, type HostFilter } from './host-filter.ts';

const BASELINES_MAX = 100;
const BASELINE_ITEMS_MAX = 500;
const WISHES_MAX = 100;

export type DeclaredMonitor = { readonly monitor: MonitorDefinition; readonly where: HostFilter };
export type DeclaredWish = { readonly wish: InventoryWish; readonly where: HostFilter };
/** How the items of some hosts should be; null for one that should not be there. */
export type Baseline = {
  readonly name: string;
  readonly where: HostFilter;
  readonly items: ReadonlyMap<string, string | null>;
};

export type FleetFile = {
  readonly monitors: readonly DeclaredMonitor[];
  readonly wishes: readonly DeclaredWish[];
  readonly baselines: readonly Baseline[];
};

export const emptyFleetFile: FleetFile = { monitors: [], wishes: [], baselines: [] };

export type CheckedFleetFile =
  | { readonly kind: 'valid'; readonly file: FleetFile }
  | { readonly kind: 'invalid'; readonly faults: readonly FileFault[] };

/** All faults of the text, or what it says. */
export async function checkFleetFile(text: string, fileName: string): Promise<CheckedFleetFile> {
  const parsed = parseYaml(text, fileName);
  if (parsed.kind === 'faults') return { kind: 'invalid', faults: parsed.faults };
  const faults = new Faults();
  const top = ObjectReader.of(parsed.value, { path: [], faults, what: 'the file' });
  const file = top === undefined ? emptyFleetFile : await readFleet(top);
  return faults.list.length === 0 ? { kind: 'valid', file } : { kind: 'invalid', faults: parsed.locate(faults) };
}

async function readFleet(top: ObjectReader): Promise<FleetFile> {
  top.rejectUnknown(['monitors', 'inventory', 'baselines']);
  const monitors: DeclaredMonitor[] = [];
  const names = new Set<string>();
  for (const reader of top.list('monitors', 'a monitor', MONITORS_MAX)) {
    const monitor = readMonitor(reader, ['where']);
    if (monitor === undefined) continue;
    if (names.has(monitor.name)) {
      reader.fault('name', `the name "${monitor.name}" is taken; give each monitor a name of its own`);
    }
    names.add(monitor.name);
    await checkExpressions(monitor, reader);
    monitors.push({ monitor, where: readFilter(reader) });
  }
  const wishes = top.list('inventory', 'an entry of "inventory"', WISHES_MAX).map((reader) => {
    return { wish: readInventoryWish(reader, ['where']), where: readFilter(reader) };
  });
  const baselines = top.list('baselines', 'a baseline', BASELINES_MAX).flatMap((reader) => readBaseline(reader) ?? []);
  return { monitors, wishes, baselines };
}

function readFilter(reader: ObjectReader): HostFilter {
  const where = reader.object('where');
  if (where === undefined) return allHosts;
  where.rejectUnknown(['host', 'node', 'labels']);
  const labels = where.map('labels', { entriesMax: 32, keyForm: /^[^\s,=]{1,255}$/, valueForm: /^[^,=\n]+$/ });
  const nodes = (where.texts('node', { itemsMax: 32 }) ?? []).flatMap((text): readonly Node[] => {
    const read = readNode(text);
    if ('node' in read) return [read.node];
    where.fault('node', read.fault);
    return [];
  });
  return { host: where.text('host') ?? null, nodes, labels: labels ?? {} };
}

function readBaseline(reader: ObjectReader): Baseline | undefined {
  reader.rejectUnknown(['name', 'where', 'items']);
  const name = reader.text('name', { required: true, max: 100 });
  const where = readFilter(reader);
  const written = reader.object('items');
  if (written === undefined) {
    if (!reader.keys.includes('items')) reader.fault('name', 'a baseline lacks "items"; add "items: { ITEM: VALUE }"');
    return undefined;
  }
  if (written.keys.length > BASELINE_ITEMS_MAX) {
    return reader.fault('items', `"items" has ${written.keys.length} entries; ${BASELINE_ITEMS_MAX} at most`);
  }
  const items = new Map<string, string | null>();
  for (const item of written.keys) {
    if (!/^[a-z]+\..{1,250}$/.test(item)) {
      written.fault(item, `"${item}" is no item; write one like kernel.release or package.nginx`);
    }
    const value = written.text(item, { max: 512 });
    if (value !== undefined) items.set(item, value === 'absent' ? null : value);
  }
  return name === undefined ? undefined : { name, where, items };
}
