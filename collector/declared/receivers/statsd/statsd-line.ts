/** One line of StatsD, with what DataDog added: tags, several values, distributions. */
import type { Tags } from '../../../../core/index.ts';
import { metricName } from '../point.ts';

const TAGS_MAX = 24;
const VALUES_MAX = 256;

export type StatsdLine = {
  readonly metric: string;
  readonly tags: Tags;
  readonly type: 'count' | 'gauge' | 'timer' | 'set';
  /** As written: a gauge with a sign is a change, members of a set are words. */
  readonly values: readonly string[];
  /** The share of events that was sent, above 0 and at most 1. */
  readonly rate: number;
};

const types: Readonly<Record<string, StatsdLine['type']>> = {
  c: 'count',
  m: 'count',
  g: 'gauge',
  ms: 'timer',
  h: 'timer',
  d: 'timer',
  s: 'set',
};

/** `name:1|c|@0.1|#env:prod,shop`, or what is wrong with it. */
export function parseLine(line: string): StatsdLine | string {
  const [front = '', type = '', ...rest] = line.split('|');
  const at = front.indexOf(':');
  if (at <= 0) return 'a line without NAME:VALUE|TYPE';
  const metric = metricName(front.slice(0, at));
  const kind = types[type];
  if (metric === null) return 'a name without letters';
  if (kind === undefined) return `an unknown type; StatsD has c, g, ms, h, d and s`;
  const values = front.slice(at + 1).split(':');
  if (values.length > VALUES_MAX) return `more than ${VALUES_MAX} values in one line`;
  if (kind !== 'set' && !values.every(isNumber)) return 'a value that is no number';
  let rate = 1;
  let tags: Record<string, string> = {};
  for (const part of rest) {
    if (part.startsWith('@')) rate = Number(part.slice(1));
    else if (part.startsWith('#')) tags = parseTags(part.slice(1));
  }
  if (!(rate > 0 && rate <= 1)) return 'a sample rate that is not above 0 and at most 1';
  if (Object.keys(tags).length > TAGS_MAX) return `more than ${TAGS_MAX} tags`;
  return { metric, tags, type: kind, values, rate };
}

const isNumber = (text: string): boolean => /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text);

/** `env:prod,shop`: a tag without a value is `true`. */
function parseTags(text: string): Record<string, string> {
  const tags: Record<string, string> = {};
  for (const part of text.split(',')) {
    const at = part.indexOf(':');
    const key = (at < 0 ? part : part.slice(0, at)).trim().replace(/[=\s]/g, '_').slice(0, 64);
    if (key !== '') tags[key] = at < 0 ? 'true' : part.slice(at + 1).slice(0, 255);
  }
  return tags;
}
