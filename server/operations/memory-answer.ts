import {
  type InstantQuery,
  type MemoryAnswer,
  type MemoryFigures,
  memoryVerdict,
  type Selection,
} from '../../core/index.ts';
import type { QueryDoor } from '../query/query-door.ts';
import type { HostEvents } from './events/host-events.ts';

/** Kills this long ago still say something of how it is now. */
const KILLS_SECONDS = 600;

const metricOf = {
  usageBytes: 'mem.usage.bytes',
  workingSetBytes: 'mem.working_set.bytes',
  anonBytes: 'mem.rss.bytes',
  cacheBytes: 'mem.cache.bytes',
  limitBytes: 'mem.limit.bytes',
} as const;

export type MemorySources = { readonly queries: Pick<QueryDoor, 'instant'>; readonly events: Pick<HostEvents, 'list'> };

/** The memory of a container as it is now, and what that means. */
export async function memoryAnswer(
  { queries, events }: MemorySources,
  endpoint: string,
  { nowMs, signal }: { readonly nowMs: number; readonly signal: AbortSignal },
): Promise<MemoryAnswer> {
  const ask = async (metrics: string[], window?: InstantQuery['window']): Promise<ReadonlyMap<string, number>> => {
    const select: Selection = { endpoints: [endpoint], metrics };
    const { series } = await queries.instant(window === undefined ? { select } : { select, window }, signal);
    return new Map(
      series.flatMap(({ metric, value }) => (typeof value === 'number' ? [[metric, value] as const] : [])),
    );
  };
  const newest = await ask(Object.values(metricOf));
  const counted = await ask(['mem.oom.kills'], { seconds: KILLS_SECONDS, of: 'sum' });
  // The kernel log also tells of those that no collector counted, as before its start.
  const told = await events.list({ endpoint, kind: 'oom_kill', fromMs: nowMs - KILLS_SECONDS * 1000 });
  const newestOf = (field: keyof typeof metricOf): number | null => newest.get(metricOf[field]) ?? null;
  const figures: MemoryFigures = {
    usageBytes: newestOf('usageBytes'),
    workingSetBytes: newestOf('workingSetBytes'),
    anonBytes: newestOf('anonBytes'),
    cacheBytes: newestOf('cacheBytes'),
    limitBytes: newestOf('limitBytes'),
    oomKills: Math.max(counted.get('mem.oom.kills') ?? 0, told.length),
  };
  return { nowMs, endpoint, ...figures, verdict: memoryVerdict(figures) };
}
