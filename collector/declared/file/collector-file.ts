/**
 * The collector's own file (`--config`): its labels, its monitors, what a server may ask of it, and
 * which receivers are on. `saker monitors check` reads it with the same eyes.
 */
import { type InventoryWish, MONITORS_MAX, type MonitorDefinition } from '../../../core/index.ts';
import { type CollectorConfig, defaultConfig, type ReceiversConfig } from './config.ts';
import { ObjectReader } from './object-reader.ts';
import { checkExpressions, readMonitor } from './read-monitor.ts';
import type { FileFault } from './yaml-text.ts';

export type CheckedConfig =
  | { readonly kind: 'valid'; readonly config: CollectorConfig }
  | { readonly kind: 'invalid'; readonly faults: readonly FileFault[] };

const topKeys = ['labels', 'monitors', 'allow', 'inventory', 'receivers'];
const folder = { form: /^\/[^\0]*$/, advice: 'a folder that begins with /', max: 500 } as const;

/** All faults of the text, or what it says. */
export async function checkCollectorFile(text: string, fileName: string): Promise<CheckedConfig> {
  // Loaded with the first file: most hosts have none.
  const { Faults, parseYaml } = await import('./yaml-text.ts');
  const parsed = parseYaml(text, fileName);
  if (parsed.kind === 'faults') return { kind: 'invalid', faults: parsed.faults };
  const faults = new Faults();
  const top = ObjectReader.of(parsed.value, { path: [], faults, what: 'the file' });
  const config = top === undefined ? defaultConfig : await readConfig(top);
  return faults.list.length === 0 ? { kind: 'valid', config } : { kind: 'invalid', faults: parsed.locate(faults) };
}

async function readConfig(top: ObjectReader): Promise<CollectorConfig> {
  top.rejectUnknown(topKeys);
  const labelForm = { entriesMax: 64, keyForm: /^[^\s,=]{1,255}$/, valueForm: /^[^,=\n]*$/ };
  const allow = top.object('allow');
  allow?.rejectUnknown(['scripts', 'logs']);
  return {
    labels: top.map('labels', labelForm) ?? {},
    monitors: await readMonitors(top),
    allow: {
      scripts: allow?.texts('scripts', { ...folder, itemsMax: 32 }) ?? defaultConfig.allow.scripts,
      logs: allow?.texts('logs', { ...folder, itemsMax: 32 }) ?? defaultConfig.allow.logs,
    },
    inventory: readInventoryWish(top.object('inventory')),
    receivers: readReceivers(top.object('receivers')),
  };
}

async function readMonitors(top: ObjectReader): Promise<readonly MonitorDefinition[]> {
  const found: MonitorDefinition[] = [];
  const names = new Set<string>();
  for (const reader of top.list('monitors', 'a monitor', MONITORS_MAX)) {
    const monitor = readMonitor(reader);
    if (monitor === undefined) continue;
    if (names.has(monitor.name)) {
      reader.fault('name', `the name "${monitor.name}" is taken; give each monitor a name of its own`);
    }
    names.add(monitor.name);
    await checkExpressions(monitor, reader);
    found.push(monitor);
  }
  return found;
}

/** What a person wants looked at besides what is looked at anyway. `moreKeys` are the caller's to read. */
export function readInventoryWish(reader: ObjectReader | undefined, moreKeys: readonly string[] = []): InventoryWish {
  reader?.rejectUnknown(['packages', 'files', 'sysctls', ...moreKeys]);
  const itemsMax = 200;
  const packageForm = { form: /^[A-Za-z0-9][A-Za-z0-9+._:-]{0,127}$/, advice: 'the name of a package' };
  const sysctlForm = { form: /^[a-z0-9_]+(\.[A-Za-z0-9_*-]+){1,8}$/, advice: 'a name like vm.swappiness' };
  const fileForm = { form: /^\/[^\n]+$/, advice: 'a path that begins with /', max: 200 };
  return {
    packages: [...(reader?.texts('packages', { ...packageForm, itemsMax }) ?? [])],
    files: [...(reader?.texts('files', { ...fileForm, itemsMax }) ?? [])],
    sysctls: [...(reader?.texts('sysctls', { ...sysctlForm, itemsMax }) ?? [])],
  };
}

function readReceivers(reader: ObjectReader | undefined): ReceiversConfig {
  reader?.rejectUnknown(['otlp', 'statsd', 'prometheus']);
  return {
    otlpPort: portOf(reader, 'otlp', 4318),
    statsdPort: portOf(reader, 'statsd', 8125),
    prometheus: reader?.boolean('prometheus') ?? defaultConfig.receivers.prometheus,
  };
}

/** `otlp: true` is the usual port, `otlp: 4319` another one, `otlp: false` none. */
function portOf(reader: ObjectReader | undefined, key: string, usual: number): number | null {
  if (reader === undefined || !reader.keys.includes(key)) return null;
  const text = reader.text(key, { form: /^(true|false|\d{1,5})$/, advice: `true for port ${usual}, a port, or false` });
  if (text === undefined || text === 'false') return null;
  if (text === 'true') return usual;
  return reader.integer(key, { min: 1, max: 65_535 }) ?? null;
}
