import type { Bench } from './bench.ts';

/** Loaded one at a time: what a bench needs should not be in the memory that another one measures. */
export const benches: Readonly<Record<string, () => Promise<Bench>>> = {
  spine: async () => (await import('./spine/spine.bench.ts')).spineBench,
  ring: async () => (await import('./ring/ring.bench.ts')).ringBench,
  ingest: async () => (await import('./ring/ingest.bench.ts')).ingestBench,
  query: async () => (await import('./ring/query.bench.ts')).queryBench,
  restart: async () => (await import('./ring/restart.bench.ts')).restartBench,
  fleet: async () => (await import('./ring/fleet.bench.ts')).fleetBench,
  alerting: async () => (await import('./alerting/alerting.bench.ts')).alertingBench,
  collector: async () => (await import('./collector/collector.bench.ts')).collectorBench,
};
