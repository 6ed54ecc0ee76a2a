import { alertingBench } from './alerting/alerting.bench.ts';
import type { Bench } from './bench.ts';
import { collectorBench } from './collector/collector.bench.ts';
import { queryBench } from './ring/query.bench.ts';
import { ringBench } from './ring/ring.bench.ts';
import { spineBench } from './spine/spine.bench.ts';

export const benches: readonly Bench[] = [spineBench, ringBench, queryBench, alertingBench, collectorBench];
