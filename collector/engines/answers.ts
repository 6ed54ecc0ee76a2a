/**
 * Docker's answers, reduced to what a collector uses. They are another program's, partly written by
 * whoever starts containers, so each field is looked at before it is believed.
 */
import { isIP } from 'node:net';
import { AppError } from '../../core/index.ts';
import type { ContainerDescription } from '../sampling/identity.ts';

/** What else is known of a running container. */
export type ContainerFacts = {
  /** Null: its log driver writes no file that can be read. */
  readonly logPath: string | null;
  readonly logDriver: string;
  /** Null for one without a network, 127.0.0.1 for one in the host's. */
  readonly address: string | null;
};

export type DockerEvent = { readonly action: string; readonly id: string };

const LABELS_MAX = 1024;

/** A line of `/events`; null for one that is not about a container. */
export function parseEvent(line: string): DockerEvent | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    // One line that is no JSON costs that line; the list after the next reconnect corrects it.
    return null;
  }
  const event = recordOf(parsed);
  const id = textOf(recordOf(event.Actor).ID) || textOf(event.id);
  const action = textOf(event.Action) || textOf(event.status);
  return event.Type === 'container' && isId(id) && action !== '' ? { action, id } : null;
}

/** The ids of `/containers/json`. */
export function parseList(answer: unknown): string[] {
  if (!Array.isArray(answer)) throw new AppError('DOCKER_REFUSED', 'a list of containers is no list');
  return answer.map((entry) => textOf(recordOf(entry).Id)).filter(isId);
}

/** `/containers/{id}/json`; null for a container that does not run. */
export function parseInspect(answer: unknown): ContainerDescription | null {
  const inspected = recordOf(answer);
  const state = recordOf(inspected.State);
  const config = recordOf(inspected.Config);
  const id = textOf(inspected.Id);
  const pid = state.Pid;
  if (!isId(id)) throw new AppError('DOCKER_REFUSED', 'an inspected container has no id');
  if (state.Running !== true || typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid <= 0) return null;
  const startedAtMs = Date.parse(textOf(state.StartedAt));
  return {
    id,
    name: textOf(inspected.Name).replace(/^\//, '') || id.slice(0, 12),
    image: textOf(config.Image),
    labels: labelsOf(config.Labels),
    pid,
    // A date that can not be read is NaN, and one before 1970 is Docker's "never".
    startedAtMs: Number.isNaN(startedAtMs) ? 0 : Math.max(0, startedAtMs),
    hostNetwork: recordOf(inspected.HostConfig).NetworkMode === 'host',
    restarts: countOf(inspected.RestartCount),
    health: healthOf(textOf(recordOf(state.Health).Status)),
    layerFolder: layerOf(recordOf(inspected.GraphDriver)),
  };
}

function countOf(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}

function healthOf(text: string): ContainerDescription['health'] {
  return text === 'healthy' || text === 'unhealthy' || text === 'starting' ? text : 'none';
}

/** Of the drivers that layer folders over folders. */
function layerOf(driver: Readonly<Record<string, unknown>>): string | null {
  const folder = textOf(recordOf(driver.Data).UpperDir);
  return folder.startsWith('/') && !folder.includes('\0') ? folder : null;
}

/** What `/containers/{id}/json` says of the output and the network of a container. */
export function parseFacts(answer: unknown): ContainerFacts {
  const inspected = recordOf(answer);
  const hostConfig = recordOf(inspected.HostConfig);
  const logDriver = textOf(recordOf(hostConfig.LogConfig).Type);
  const logPath = textOf(inspected.LogPath);
  const networks = Object.values(recordOf(recordOf(inspected.NetworkSettings).Networks));
  const addresses = networks
    .map((network) => textOf(recordOf(network).IPAddress))
    .filter((address) => isIP(address) !== 0);
  const isHostNetwork = hostConfig.NetworkMode === 'host';
  return {
    logPath: logDriver === 'json-file' && logPath.startsWith('/') ? logPath : null,
    logDriver,
    address: isHostNetwork ? '127.0.0.1' : (addresses[0] ?? null),
  };
}

/** The version in `/version`, or null. */
export function parseVersion(answer: unknown): string | null {
  const version = textOf(recordOf(answer).Version).slice(0, 64);
  return version === '' ? null : version;
}

function labelsOf(value: unknown): Record<string, string> {
  const pairs = Object.entries(recordOf(value)).slice(0, LABELS_MAX);
  return Object.fromEntries(pairs.map(([key, text]) => [key, textOf(text)]));
}

/** Ids become parts of request paths. */
function isId(id: string): boolean {
  return /^[0-9a-zA-Z][0-9a-zA-Z_.-]{0,127}$/.test(id);
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
