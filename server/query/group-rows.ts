import type { Selection } from '../../core/index.ts';
import {
  type Across,
  AcrossSeries,
  bucketCountOf,
  groupsOf,
  type Realtime,
  readAcross,
  unitOf,
  type Work,
} from '../../realtime/index.ts';
import type { HistorySeries } from './history-columns.ts';
import type { GroupRow } from './range-answer.ts';
import type { RangePlan } from './range-plan.ts';

type Asked = { readonly across: Across; readonly old: readonly HistorySeries[] };

/** What many series come to, of history and ring side by side. */
export function* groupRows(
  ring: Realtime['ring'],
  selection: Selection,
  plan: RangePlan,
  { across, old }: Asked,
): Work<GroupRow[]> {
  const { recent, range } = plan;
  const fresh = recent.from < recent.to ? yield* readAcross(ring, selection, recent, across) : [];
  if (recent.from === range.from) return fresh;
  const rows = new Map<string, GroupRow>();
  const place = (half: GroupRow, from: number): void => {
    const key = JSON.stringify(half.labels);
    const row = rows.get(key) ?? emptyRow(half, bucketCountOf(range));
    rows.set(key, { ...row, seriesCount: Math.max(row.seriesCount, half.seriesCount) });
    row.count.set(half.count, from);
    row.value.set(half.value, from);
  };
  for (const half of oldRows(plan, across, old)) place(half, 0);
  for (const half of fresh) place(half, bucketCountOf(plan.old));
  return [...rows.values()];
}

function emptyRow({ labels, unit }: GroupRow, size: number): GroupRow {
  return { labels, unit, seriesCount: 0, count: new Uint32Array(size), value: new Float64Array(size) };
}

function oldRows({ old: range }: RangePlan, across: Across, old: readonly HistorySeries[]): GroupRow[] {
  const members = old.map((series) => ({ store: { endpoint: series.of }, series, buckets: series.buckets }));
  return groupsOf(members, across.by).map((group) => {
    const together = new AcrossSeries(range, across.aggregation, across.of);
    for (const { buckets } of group.members) together.addBuckets(buckets);
    const unit = across.aggregation === 'count' || across.of === 'count' ? 'count' : unitOf(group.members);
    return { labels: group.labels, unit, seriesCount: group.members.length, ...together.together() };
  });
}
