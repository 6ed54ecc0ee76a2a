/**
 * Open-Falcon's items, as its agents and scripts push them: `{endpoint, metric, value, step, counterType, tags,
 * timestamp}`. What is accepted, refused and mended follows `modules/transfer/receiver/rpc/rpc_transfer.go`; where we
 * differ is in `docs/falcon-differences.md`.
 */

import { Check } from 'typebox/value';
import { metricSchema, nameSchema, type Tags, tagsSchema } from '../../../core/index.ts';
import type { PushedSeries } from '../../../realtime/index.ts';
import type { PushedForm, Taking } from './push-door.ts';

const NAME_BYTES_MAX = 510;
const STEP_SECONDS_MAX = 3600;

/** As Go's `ParseFloat` takes them, but for hexadecimal ones. */
const NUMBER = /^[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?|inf|infinity|nan)$/i;

export type FalconItem = PushedForm & {
  readonly second: number;
  readonly value: number;
  /** COUNTER or DERIVE: what counts is the change in a second. */
  readonly isCounter: boolean;
};

/** The item, or what is wrong with it. */
export function readFalconItem(item: unknown, nowSecond: number): FalconItem | string {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return 'it is not an object';
  const { endpoint, metric, value, step, counterType, tags = '', timestamp = 0 }: Record<string, unknown> = { ...item };
  if (typeof endpoint !== 'string' || !Check(nameSchema, endpoint)) return 'endpoint: 1 to 255 characters';
  if (metric === 'kernel.hostname') return 'metric: kernel.hostname is not a number';
  if (typeof metric !== 'string' || !Check(metricSchema, metric))
    return 'metric: up to 128 letters, digits and _ . : -, beginning with a letter';
  if (typeof tags !== 'string') return 'tags: text such as "idc=bj,project=falcon"';
  if (Buffer.byteLength(metric) + Buffer.byteLength(tags) > NAME_BYTES_MAX)
    return `metric and tags: at most ${NAME_BYTES_MAX} bytes together`;
  if (counterType !== 'GAUGE' && counterType !== 'COUNTER' && counterType !== 'DERIVE')
    return 'counterType: GAUGE, COUNTER or DERIVE';
  if (typeof step !== 'number' || !(step >= 1)) return 'step: seconds, at least 1';
  if (typeof timestamp !== 'number') return 'timestamp: seconds since 1970';
  const number = numberOf(value);
  if (number === null) return 'value: a number';
  const parsed = parseFalconTags(tags);
  if (!Check(tagsSchema, parsed)) return 'tags: at most 32, names of 1 to 64 and values of at most 255 characters';
  const isMended = timestamp <= 0 || timestamp > 2 * nowSecond;
  return {
    endpoint,
    metric,
    tags: parsed,
    step: Math.min(Math.floor(step), STEP_SECONDS_MAX),
    second: isMended ? nowSecond : Math.floor(timestamp),
    value: number,
    isCounter: counterType !== 'GAUGE',
  };
}

function numberOf(value: unknown): number | null {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || !NUMBER.test(value)) return null;
  const text = value.toLowerCase();
  if (text.endsWith('nan')) return Number.NaN;
  if (text.includes('inf')) return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return Number(text);
}

/** `DictedTagstring` of `common/utils/tags.go`: no spaces, parts without `=` are passed over, the last of a name holds. */
export function parseFalconTags(text: string): Tags {
  const tags = new Map<string, string>();
  for (const part of text.replaceAll(' ', '').split(',')) {
    const at = part.indexOf('=');
    if (at >= 0) tags.set(part.slice(0, at), part.slice(at + 1));
  }
  return Object.fromEntries(tags);
}

type Count = { second: number; value: number };

/** Makes rates of counters. What each counted last is forgotten with its series, and when the server stops. */
export class CounterRates {
  readonly #last = new WeakMap<PushedSeries, Count>();

  /** The change in a second since the sample before; null when there is none, after a reset, and for what comes late. */
  rateOf(series: PushedSeries, { second, value }: Count): number | null {
    const before = this.#last.get(series);
    if (before !== undefined && second <= before.second) return null;
    this.#last.set(series, { second, value });
    if (before === undefined || value < before.value) return null;
    return (value - before.value) / (second - before.second);
  }
}

/** Adds items to a request. */
export function takeFalconItems(items: readonly unknown[], nowSecond: number, rates: CounterRates) {
  return ({ series, add, refusals }: Taking): void => {
    for (const [index, item] of items.entries()) {
      const read = readFalconItem(item, nowSecond);
      if (typeof read === 'string') {
        refusals.add('form', () => `item ${index + 1}`, read);
        continue;
      }
      const where = (): string => `item ${index + 1} (${read.endpoint}/${read.metric})`;
      const found = series(read);
      if (typeof found === 'string') {
        refusals.add(found, where);
        continue;
      }
      const value = read.isCounter ? rates.rateOf(found, read) : read.value;
      const refusal = value === null ? null : add(found, read.second, value);
      if (refusal !== null) refusals.add(refusal, where);
    }
  };
}
