export { type Alerting, type AlertingMetrics, createAlerting } from './alerting.ts';
export type { LinkForm, OpenedLink } from './delivery/operations.ts';
export { benchJudge, type JudgeBench, type JudgeBenchSize } from './judge/judge.bench.ts';
export { parseVector, type Replayed, replayVector, type Vector } from './judge/replay/vectors.ts';
export type { AlertingOptions, LastPoints, SeriesPoint } from './ports.ts';
export { type CheckedRules, checkRules } from './rules/read/check.ts';
export { formatFault, type RuleFault } from './rules/read/source.ts';
export { migrations } from './store/migrations.ts';
