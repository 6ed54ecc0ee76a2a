import type { Limits, Resources } from '../group.ts';
import type { Tell } from '../policies/tell.ts';
import type { GroupEntry } from '../schema.ts';
import { nearest } from '../text/nearest.ts';
import { bytes } from '../text/units.ts';
import type { ResourcesEntry } from './schema.ts';
import { sizes } from './sizes.ts';

/** Docker refuses less. */
const MEMORY_BYTES_MIN = 6 * 1024 ** 2;

/** Docker's own default is no limit; a fork bomb should not need one to be written down. */
const PIDS = 4096;

export type Templates = Readonly<Record<string, ResourcesEntry>>;

/** The entry's own limits over those of the template that it, or its load type, names. */
export function readResources(
  entry: GroupEntry,
  file: FileTemplates,
  tell: Tell,
): { resources: Resources; limits: Limits } {
  const written = { ...templateOf(entry, file, tell), ...entry.resources };
  if (written.cpus !== undefined && written.cores !== undefined) {
    tell(['resources', 'cores'], 'stands beside cpus', 'whole "cores" of its own, or a quota of "cpus"');
  }
  if (written.memory !== undefined && bytes(written.memory) < MEMORY_BYTES_MIN) {
    tell(['resources', 'memory'], 'is below what Docker accepts', '"memory: 6MiB" or more');
  }
  return {
    resources: {
      cpus: written.cpus ?? null,
      memoryBytes: written.memory === undefined ? null : bytes(written.memory),
      pids: written.pids ?? PIDS,
    },
    limits: limitsOf(written),
  };
}

export type FileTemplates = { readonly templates: Templates; readonly loadTypes: Readonly<Record<string, string>> };

function templateOf(
  { template, load_type }: GroupEntry,
  { templates, loadTypes }: FileTemplates,
  tell: Tell,
): ResourcesEntry {
  const known = [...Object.keys(templates), ...Object.keys(sizes)];
  if (load_type !== undefined && loadTypes[load_type] === undefined) {
    tell(
      ['load_type'],
      'is not one of the file’s load_types',
      adviceOf('load_type', load_type, Object.keys(loadTypes)),
    );
    return {};
  }
  const name = template ?? (load_type === undefined ? undefined : loadTypes[load_type]);
  if (name === undefined) return {};
  const found = templates[name] ?? sizes[name];
  if (found !== undefined) return found;
  tell([template === undefined ? 'load_type' : 'template'], 'is not a template', adviceOf('template', name, known));
  return {};
}

function adviceOf(field: string, written: string, known: readonly string[]): string {
  const meant = nearest(written, known);
  return meant === null ? `one of: ${known.join(', ')}` : `"${field}: ${meant}"`;
}

function limitsOf({ cores, ulimits, io, network }: ResourcesEntry): Limits {
  const size = (text: string | undefined) => (text === undefined ? null : bytes(text));
  return {
    cores: cores ?? null,
    ulimits: ulimits ?? {},
    readBytesPerSecond: size(io?.read),
    writeBytesPerSecond: size(io?.write),
    inBitsPerSecond: bitsOf(network?.in),
    outBitsPerSecond: bitsOf(network?.out),
  };
}

function bitsOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  const factor = text.endsWith('kbit') ? 1e3 : text.endsWith('Mbit') ? 1e6 : 1e9;
  return Number.parseInt(text, 10) * factor;
}
