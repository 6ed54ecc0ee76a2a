import { alertingBench } from './alerting/alerting.bench.ts';
import type { Bench } from './bench.ts';
import { collectorBench } from './collector/collector.bench.ts';
import { fleetBench } from './ring/fleet.bench.ts';
import { ingestBench } from './ring/ingest.bench.ts';
import { queryBench } from './ring/query.bench.ts';
import { restartBench } from './ring/restart.bench.ts';
import { ringBench } from './ring/ring.bench.ts';
import { spineBench } from './spine/spine.bench.ts';

export const benches: readonly Bench[] = [
  spineBench,
  ringBench,
  ingestBench,
  queryBench,
  restartBench,
  fleetBench,
  alertingBench,
  collectorBench,
];
