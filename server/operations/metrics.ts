import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Alerting } from '../../alerting/index.ts';
import type { HistoryClient } from '../../history/index.ts';
import type { Realtime } from '../../realtime/index.ts';
import type { Scaler } from '../../scaler/index.ts';
import type { PushDoor } from '../http/push/push-door.ts';
import type { QueryDoor } from '../query/query-door.ts';
import type { Fleet } from './fleet/fleet.ts';

export type MetricSources = {
  readonly realtime: Realtime;
  readonly alerting: Alerting;
  readonly scaler: Scaler;
  readonly history: HistoryClient;
  readonly fleet: Fleet;
  readonly queries: Pick<QueryDoor, 'metrics'>;
  readonly door: Pick<PushDoor, 'metrics'>;
};

type Figure = readonly [name: string, help: string, value: number];

/** Prometheus text of the server itself; every figure is read when it is asked for. */
export function createMetrics(sources: MetricSources): () => Promise<string> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'saker_' });
  return async () => {
    for (const [name, help, value] of await figures(sources)) {
      const known = registry.getSingleMetric(name);
      const gauge = known instanceof Gauge ? known : new Gauge({ name, help, registers: [registry] });
      gauge.set(value);
    }
    return registry.metrics();
  };
}

async function figures(sources: MetricSources): Promise<Figure[]> {
  const { realtime, alerting, scaler, history, fleet, queries, door } = sources;
  const { intake, push, ring, log, blocks, loaded, liveClients, liveTicksMissed, segmentsLostToHistory } =
    realtime.status();
  const collectors = realtime.collectors();
  const followed = await history.status().catch(() => null);
  return [
    ['saker_frames_total', 'Frames taken', intake.framesTaken],
    ['saker_frames_known_total', 'Frames that came again', intake.framesKnown],
    ['saker_frames_outranked_total', 'Frames for a second that a later frame tells of', intake.framesOutranked],
    ['saker_frames_too_old_total', 'Frames from before the ring, dropped', intake.framesTooOld],
    ['saker_samples_total', 'Samples taken', intake.samplesTaken],
    ['saker_series', 'Series in the ring', ring.seriesCount],
    ['saker_series_refused_total', 'Series beyond the budget or of another collector', ring.seriesRefused],
    ['saker_endpoints', 'Hosts and containers in the ring', ring.endpointCount],
    ['saker_ring_blocks', 'Sealed blocks', ring.blockCount],
    ['saker_ring_sealed_bytes', 'Bytes of sealed blocks', ring.sealedBytes],
    ['saker_ring_loaded', '1 when all blocks of the last 24 h are in memory', loaded ? 1 : 0],
    ...prefixed('saker_blocks_', 'Blocks on disk', blocks),
    ['saker_log_written_bytes_total', 'Bytes written to the segment log', log.writtenBytes],
    ['saker_log_groups_total', 'Group commits', log.groups],
    ['saker_log_failures_total', 'Failed writes of the segment log', log.failures],
    ['saker_log_pending_frames', 'Frames that wait for the disk', log.pendingFrames],
    ['saker_log_healthy', '1 while the segment log can be written', log.healthy ? 1 : 0],
    ['saker_history_lost_segments_total', 'Segments freed before history read them', segmentsLostToHistory],
    ['saker_collectors_connected', 'Collectors connected', collectors.filter(({ connected }) => connected).length],
    ['saker_live_clients', 'Connections of the live stream', liveClients],
    ['saker_live_ticks_missed_total', 'Ticks that live clients did not read in time', liveTicksMissed],
    ['saker_history_up', '1 while the history engine answers', followed === null ? 0 : 1],
    ...prefixed('saker_history_', 'History engine', followed ?? {}),
    ...prefixed('saker_push_', 'What was pushed', { ...push, ...door.metrics() }),
    ...prefixed('saker_queries_', 'Queries', queries.metrics()),
    ...prefixed('saker_alerting_', 'Alerting', alerting.metrics()),
    ...prefixed('saker_scaler_', 'Scaler', scaler.metrics()),
    ...prefixed('saker_fleet_', 'Hosts', fleet.metrics()),
  ];
}

/** Figures of a room as it names them, in Prometheus' style. */
function prefixed(prefix: string, room: string, status: object): Figure[] {
  return Object.entries(status)
    .filter((entry): entry is [string, number] => typeof entry[1] === 'number')
    .map(([key, value]) => {
      const words = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      return [`${prefix}${words}`, `${room}: ${words.replaceAll('_', ' ')}`, value];
    });
}
