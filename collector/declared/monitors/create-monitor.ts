/** Which code watches which kind of definition, and what a host lets a server ask of it. */
import {
  assertNever,
  type Clock,
  type MonitorDefinition,
  type ScriptMonitor as ScriptDefinition,
} from '../../../core/index.ts';
import { HttpMonitor } from './http/http-monitor.ts';
import type { FileGate } from './log/file-gate.ts';
import { type FindContainerLogs, LogMonitor } from './log/log-monitor.ts';
import type { OffsetStore } from './log/offset-store.ts';
import type { Monitor } from './monitor.ts';
import { forbidden, keyOf, type WantedMonitor } from './monitor-set.ts';
import { PortMonitor } from './port/port-monitor.ts';
import { ProcessMonitor } from './process/process-monitor.ts';
import type { ProcessTable } from './process/process-table.ts';
import { scriptsIn } from './script/script-folder.ts';
import { ScriptMonitor } from './script/script-monitor.ts';

export type MonitorShop = {
  readonly clock: Clock;
  readonly version: string;
  readonly procRoot: string;
  readonly processes: ProcessTable;
  readonly gate: FileGate;
  readonly offsets: OffsetStore;
  readonly containerLogs: FindContainerLogs;
  /** Folders below which a server may have scripts run and logs read; the host's own file may name any. */
  readonly allowed: () => { readonly scripts: readonly string[]; readonly logs: readonly string[] };
};

export function createMonitor(
  shop: MonitorShop,
  wanted: WantedMonitor,
  onScripts: (scripts: readonly MonitorDefinition[]) => void,
): Monitor {
  const { clock, version, procRoot, processes, gate, offsets, containerLogs } = shop;
  const { monitor } = wanted;
  const refusal = wanted.origin === 'file' ? null : refusalOf(monitor, shop.allowed());
  if (refusal !== null) return refusal;
  switch (monitor.type) {
    case 'port':
      return new PortMonitor(monitor, { clock, procRoot });
    case 'process':
      return new ProcessMonitor(monitor, processes, clock);
    case 'http':
      return new HttpMonitor(monitor, { clock, version });
    case 'script':
      return monitor.path.endsWith('/') ? folderMonitor(monitor, onScripts) : new ScriptMonitor(monitor, clock);
    case 'log':
      return new LogMonitor(monitor, { clock, gate, offsets, key: keyOf(wanted), containerLogs });
    default:
      return assertNever(monitor);
  }
}

/** Lists a folder of scripts; each of them is a monitor of its own. */
function folderMonitor(
  definition: ScriptDefinition,
  onScripts: (scripts: readonly MonitorDefinition[]) => void,
): Monitor {
  return {
    check: async () => {
      const scripts = await scriptsIn(definition);
      onScripts(scripts);
      return { readings: [], problem: scripts.length === 0 ? 'no file is named like 60_name.sh' : null };
    },
    close: () => {},
  };
}

function refusalOf(monitor: MonitorDefinition, allowed: ReturnType<MonitorShop['allowed']>): Monitor | null {
  if (monitor.type === 'script' && !isBelow(monitor.path, allowed.scripts)) {
    return forbidden(
      `this host lets no server run ${monitor.path}`,
      'name its folder under allow: { scripts: [...] } in the collector’s --config',
    );
  }
  const stranger = monitor.type === 'log' ? monitor.files.find((file) => !isBelow(file, allowed.logs)) : undefined;
  if (stranger === undefined) return null;
  return forbidden(
    `this host lets no server read ${stranger}`,
    'name its folder under allow: { logs: [...] } in the collector’s --config',
  );
}

/** Below one of the folders by its words; a script's real path is looked at again before it runs. */
function isBelow(path: string, folders: readonly string[]): boolean {
  const parts = path.split('/');
  if (parts.includes('..')) return false;
  return folders.some((folder) => path.startsWith(folder.endsWith('/') ? folder : `${folder}/`));
}
