import { seriesKey } from '../follower/series-names.ts';
import type { RollupRow, SeriesRef } from '../store/store.ts';

/** 2026-01-31 23:58 UTC: two minutes further is another month, and another partition. */
export const MONTH_END = Date.UTC(2026, 0, 31, 23, 58) / 1000;

export function seriesRef(endpoint: string, metric = 'cpu.busy', tags = {}): SeriesRef {
  const identity = { endpoint, metric, tags };
  return { key: seriesKey(identity), identity };
}

export function rollupRow(series: SeriesRef, minute: number, value: number, second = minute): RollupRow {
  return { series, minute, min: value, max: value, sum: value, count: 1, lastSecond: second, last: value };
}

/** Text that breaks whatever is put together from strings. */
export const nastyTexts = [
  "'; DROP TABLE series; --",
  '\\',
  "\\'",
  '{metrics:Array(String)}',
  '`"',
  'a\tb\nc\rd',
  'nul\u0000nul',
  '\\N',
  'NULL',
  '%s %20 &?#',
  'é漢😀',
  '',
  ' ',
  '[]',
  ')',
];
