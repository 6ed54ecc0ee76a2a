export * from './alerts.ts';
export * from './backtest.ts';
export * from './delivery.ts';
export * from './inventory.ts';
export * from './live.ts';
export { jsonNumber, problemSchema } from './parts.ts';
export * from './query.ts';
export * from './scaling.ts';
export * from './session.ts';
