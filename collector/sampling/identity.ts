/**
 * Who a container is, beyond its id: the endpoint on which its series hang.
 *
 * A container is replaced all the time; what people watch is "the second web server of the shop".
 * Labels tell that where an orchestrator or the owner set them. What is unique across hosts by
 * itself stands alone, everything else is qualified by the host. Labels are written by whoever
 * starts containers, so every part is cleaned and the whole is bounded.
 */
import { createHash } from 'node:crypto';
import type { Endpoint } from '../../core/index.ts';

/** What Docker tells of a running container, as far as it matters here. */
export type ContainerDescription = {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Process id of its first process, in the host's numbering. */
  readonly pid: number;
  readonly startedAtMs: number;
  /** It uses the network of the host, whose traffic is counted there. */
  readonly hostNetwork: boolean;
  /** Times that the engine started it again by itself. */
  readonly restarts: number;
  readonly health: 'none' | 'starting' | 'healthy' | 'unhealthy';
  /** The folder on the host that holds its own files, or null where the storage driver has none. */
  readonly layerFolder: string | null;
};

/** What only an engine knows, of a container without one that could be asked. */
export const withoutEngine = { restarts: Number.NaN, health: 'none', layerFolder: null } as const;

const NAME_LENGTH_MAX = 255;
const LABELS_MAX = 128;
const LABEL_KEY_LENGTH_MAX = 255;
const LABEL_VALUE_LENGTH_MAX = 1024;
/** All labels of one container together: a dictionary message holds hundreds of containers. */
const LABELS_LENGTH_MAX = 16_384;

/** The labels that an identity is made of, in the order in which they are believed. */
export function endpointNameOf(container: Pick<ContainerDescription, 'name' | 'labels'>, host: string): string {
  const label = (key: string): string => cleanPart(container.labels[key] ?? '');
  const dotted = (...parts: readonly string[]): string | null =>
    parts.every((part) => part !== '') ? parts.join('.') : null;

  const alone =
    dotted(label('saker.service'), label('saker.slot')) ??
    swarmName(dotted(label('com.docker.swarm.service.name')), label('com.docker.swarm.task.name')) ??
    dotted(
      label('io.kubernetes.pod.namespace'),
      label('io.kubernetes.pod.name'),
      label('io.kubernetes.container.name'),
    );
  if (alone !== null) return bounded(alone);
  // A one-off run of a Compose service bears the number of a real one.
  const isOneOff = label('com.docker.compose.oneoff').toLowerCase() === 'true';
  const compose = dotted(
    label('com.docker.compose.project'),
    label('com.docker.compose.service'),
    label('com.docker.compose.container-number'),
  );
  const onHost = (isOneOff ? null : compose) ?? cleanPart(container.name);
  return bounded(`${host}/${onHost === '' ? 'unnamed' : onHost}`);
}

/**
 * Swarm names a task `service.slot.taskid`, or `service.nodeid.taskid` in a global service; the
 * middle part is the slot. The task's own id changes with every restart and is left out.
 */
function swarmName(service: string | null, task: string): string | null {
  if (service === null || !task.startsWith(`${service}.`)) return null;
  const slot = task.slice(service.length + 1).split('.')[0];
  return slot === undefined || slot === '' ? null : `${service}.${slot}`;
}

/** The endpoint of a running container. */
export function endpointOf(container: ContainerDescription, host: string): Endpoint {
  return {
    name: endpointNameOf(container, host),
    kind: 'container',
    host,
    state: 'running',
    labels: boundedLabels(container.labels),
    container: {
      id: cut(container.id, 128),
      name: bounded(cleanPart(container.name) || 'unnamed'),
      image: cut(clean(container.image), 512),
      startedAtMs: container.startedAtMs,
    },
  };
}

/** Whom an event belongs to, and what a person wants to know of them beside their name. */
export type Owner = { readonly endpoint: string; readonly facts: Readonly<Record<string, string>> };

const SERVICE_LABELS = ['saker.service', 'com.docker.compose.service', 'com.docker.swarm.service.name'];

export function ownerFacts(container: ContainerDescription): Record<string, string> {
  const service = SERVICE_LABELS.map((key) => clean(container.labels[key] ?? '')).find((text) => text !== '');
  const facts = { container: container.id.slice(0, 12), image: cut(clean(container.image), 256) };
  return service === undefined ? facts : { ...facts, service: cut(service, 256) };
}

/** A host's name as an endpoint: bounded, without slashes and control characters. */
export function hostNameOf(name: string): string {
  return bounded(cleanPart(name) || 'unnamed');
}

/** A tag's value as it may stand in a series: bounded, printable, without the separators of tags. */
export function cleanTag(value: string): string {
  return bounded(clean(value).replace(/[,=]/g, '_'));
}

/** Labels as the dictionary takes them: those that fit, in the order of their keys. */
export function boundedLabels(labels: Readonly<Record<string, string>>): Record<string, string> {
  const kept: [string, string][] = [];
  let length = 0;
  for (const key of Object.keys(labels).sort()) {
    const value = cut(wellFormed(labels[key] ?? ''), LABEL_VALUE_LENGTH_MAX);
    const fits = length + key.length + value.length <= LABELS_LENGTH_MAX;
    if (!fits || !isLabelKey(key)) continue;
    if (kept.length >= LABELS_MAX) break;
    length += key.length + value.length;
    kept.push([key, value]);
  }
  return Object.fromEntries(kept);
}

function isLabelKey(key: string): boolean {
  if (key === '' || key.length > LABEL_KEY_LENGTH_MAX || key === '__proto__') return false;
  return key === clean(key);
}

/** One part of a name: no slash, which separates the parts of a written series. */
function cleanPart(text: string): string {
  return clean(text).trim().replace(/\//g, '_');
}

/** Printable: control characters, line separators and halves of surrogate pairs become `_`. */
function clean(text: string): string {
  return wellFormed(text).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\uFFFD]/gu, '_');
}

/** Cuts what is too long and marks it with a hash of the whole, so that two long names stay two. */
function bounded(name: string): string {
  if (name.length <= NAME_LENGTH_MAX) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return `${cut(name, NAME_LENGTH_MAX - 9)}~${hash}`;
}

/** The first `length` UTF-16 units, without half of a surrogate pair at the end. */
function cut(text: string, length: number): string {
  return text.length <= length ? text : wellFormed(text.slice(0, length)).replace(/\uFFFD$/, '');
}

/** Halves of surrogate pairs become U+FFFD, as they would on the wire. */
function wellFormed(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8');
}
