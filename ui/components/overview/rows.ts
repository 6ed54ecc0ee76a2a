import type { CollectorStatus, EndpointStatus } from '../../../core/api/index.ts';
import type { OverviewRoute, SortKey } from '../../state/route/route.ts';
import { type Condition, conditionOf } from '../../state/samples/condition.ts';
import type { Vitals } from '../../state/samples/vitals-table.ts';

/** One line of the overview: who it is, how it is, and its newest figures. */
export type OverviewRow = {
  readonly endpoint: EndpointStatus;
  readonly condition: Condition;
  readonly vitals: Vitals | undefined;
};

export type Facts = {
  readonly hosts: number;
  readonly containers: number;
  /** Samples that come in each second: the series of everything that is live. */
  readonly samplesPerSecond: number;
  readonly stale: number;
};

export type RowSources = {
  readonly endpoints: readonly EndpointStatus[];
  readonly collectors: readonly CollectorStatus[];
  readonly vitalsOf: (name: string) => Vitals | undefined;
  readonly nowMs: number;
  readonly isLinked: boolean;
};

export function rowsOf({ endpoints, collectors, vitalsOf, nowMs, isLinked }: RowSources): readonly OverviewRow[] {
  const byName = new Map(collectors.map((collector) => [collector.name, collector]));
  return endpoints.map((endpoint) => {
    const vitals = vitalsOf(endpoint.name);
    const newestMs = vitals?.newestMs ?? null;
    return {
      endpoint,
      vitals,
      condition: conditionOf(endpoint, { collector: byName.get(endpoint.collector), newestMs, nowMs, isLinked }),
    };
  });
}

export function factsOf(rows: readonly OverviewRow[]): Facts {
  let [hosts, containers, samplesPerSecond, stale] = [0, 0, 0, 0];
  for (const { endpoint, condition } of rows) {
    if (condition.kind === 'gone') continue;
    if (endpoint.kind === 'host') hosts++;
    else containers++;
    if (condition.kind === 'live') samplesPerSecond += endpoint.seriesCount;
    if (condition.kind === 'stale') stale++;
  }
  return { hosts, containers, samplesPerSecond, stale };
}

/** True when each word of the filter is somewhere in the name, container name, image, host or labels. */
export function matchesFilter(endpoint: EndpointStatus, filter: string): boolean {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const labels = Object.entries(endpoint.labels).map(([key, value]) => `${key}=${value}`);
  const { container } = endpoint;
  const text = [endpoint.name, endpoint.host, container?.name, container?.image, ...labels].join('\n').toLowerCase();
  return words.every((word) => text.includes(word));
}

/** Rows of one kind as the address asks for them. What is gone comes last, whatever the order. */
export function selectRows(
  rows: readonly OverviewRow[],
  kind: 'host' | 'container',
  route: OverviewRoute,
): readonly OverviewRow[] {
  const chosen = rows.filter(({ endpoint }) => endpoint.kind === kind && matchesFilter(endpoint, route.filter));
  const sign = route.descending ? -1 : 1;
  return chosen.toSorted(
    (a, b) => rank(a) - rank(b) || sign * compare(a, b, route.sort) || names.compare(a.endpoint.name, b.endpoint.name),
  );
}

const names = new Intl.Collator('en', { numeric: true });

function rank(row: OverviewRow): number {
  return row.condition.kind === 'gone' ? 1 : 0;
}

function compare(a: OverviewRow, b: OverviewRow, key: SortKey): number {
  if (key === 'name') return names.compare(a.endpoint.name, b.endpoint.name);
  return measure(a.vitals, key) - measure(b.vitals, key);
}

/** What a column is ordered by; what is not known counts as least. */
function measure(vitals: Vitals | undefined, key: Exclude<SortKey, 'name'>): number {
  if (!vitals) return -1;
  const value = {
    cpu: vitals.cpuPercent,
    memory: vitals.memoryBytes,
    network: vitals.netInBytes + vitals.netOutBytes,
  }[key];
  return Number.isNaN(value) ? -1 : value;
}
