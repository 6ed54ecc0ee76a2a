/** A choice of the time control: how far back, and how wide a bucket is, so that at most 900 are drawn. */
export type Range = {
  readonly name: RangeName;
  readonly seconds: number;
  readonly stepSeconds: number;
  /** `live` answers from the ring and moves each second; `history` is refetched. */
  readonly kind: 'live' | 'history';
};

export const rangeNames = ['1m', '5m', '15m', '1h', '6h', '24h', '7d', '30d'] as const;
export type RangeName = (typeof rangeNames)[number];

export const defaultRange: RangeName = '5m';

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

export const ranges: Readonly<Record<RangeName, Range>> = {
  '1m': { name: '1m', seconds: MINUTE, stepSeconds: 1, kind: 'live' },
  '5m': { name: '5m', seconds: 5 * MINUTE, stepSeconds: 1, kind: 'live' },
  '15m': { name: '15m', seconds: 15 * MINUTE, stepSeconds: 1, kind: 'live' },
  '1h': { name: '1h', seconds: HOUR, stepSeconds: 5, kind: 'live' },
  '6h': { name: '6h', seconds: 6 * HOUR, stepSeconds: 30, kind: 'live' },
  '24h': { name: '24h', seconds: DAY, stepSeconds: 120, kind: 'live' },
  '7d': { name: '7d', seconds: 7 * DAY, stepSeconds: 900, kind: 'history' },
  '30d': { name: '30d', seconds: 30 * DAY, stepSeconds: 3600, kind: 'history' },
};

export function isRangeName(text: string | null): text is RangeName {
  return rangeNames.some((name) => name === text);
}
