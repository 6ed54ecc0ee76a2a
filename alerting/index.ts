export { type Alerting, type AlertingMetrics, createAlerting } from './alerting.ts';
export type { AlertingOptions, LastPoints, SeriesPoint } from './ports.ts';
export { type CheckedRules, checkRules } from './rules/check.ts';
export { formatFault, type RuleFault } from './rules/source.ts';
export { migrations } from './store/migrations.ts';
