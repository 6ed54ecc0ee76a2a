import { formatNode, isBelow, type Node } from '../../../alerting/index.ts';
import { type Endpoint, matchesWildcard } from '../../../core/index.ts';

/** Which hosts something is meant for; what is left out means all. Values are patterns, `*` for any run of characters. */
export type HostFilter = {
  readonly host: string | null;
  /** Below one of these nodes of the service tree; empty for anywhere. */
  readonly nodes: readonly Node[];
  readonly labels: Readonly<Record<string, string>>;
};

export const allHosts: HostFilter = { host: null, nodes: [], labels: {} };

/** A host as the server knows it from its collector. */
export type KnownHost = {
  readonly collector: string;
  readonly endpoint: Endpoint;
  /** The containers that run on it. */
  readonly containers: readonly Endpoint[];
};

/** A host belongs to a node when its own labels say so, or those of a container that runs on it. */
export function matchesHost({ host, nodes, labels }: HostFilter, { endpoint, containers }: KnownHost): boolean {
  if (host !== null && !matchesWildcard(host, endpoint.name)) return false;
  const wanted = Object.entries(labels);
  const isThere = (one: Endpoint): boolean =>
    (nodes.length === 0 || nodes.some((node) => isBelow(one, node))) &&
    wanted.every(([key, pattern]) => one.labels[key] !== undefined && matchesWildcard(pattern, one.labels[key]));
  return isThere(endpoint) || containers.some(isThere);
}

/** `hosts web-* below cluster=shop with rack=a`, for people. */
export function filterInWords({ host, nodes, labels }: HostFilter): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  const named = host === null ? 'all hosts' : `hosts ${host}`;
  const below = nodes.length === 0 ? '' : ` below ${nodes.map(formatNode).join(' or ')}`;
  return `${named}${below}${pairs.length === 0 ? '' : ` with ${pairs.join(', ')}`}`;
}
