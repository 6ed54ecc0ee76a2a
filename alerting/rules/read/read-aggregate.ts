/**
 * Reads the `aggregate` of a rule. Either Open-Falcon's numerator and denominator over a node
 * (modules/aggregator/cron), `$(cpu.busy)>80` of `$#`, or a `value` across it, `p95(cpu.busy)`.
 */
import { operators, type Tags, type Written } from '../../../core/index.ts';
import type { Aggregate, Comparison, Measure, Term } from '../rule.ts';
import { readNode } from '../tree.ts';
import type { Context } from './context.ts';
import type { Fields } from './fields.ts';

const TERMS_MAX = 16;

/** Null where the rule has none, or one with a fault. */
export function readAggregate(rule: Fields, context: Context): Aggregate | null {
  if (rule.value('aggregate') === undefined) return null;
  const fields = rule.map('aggregate');
  if (fields === undefined) return null;
  fields.rejectUnknown(['node', 'value', 'numerator', 'denominator']);
  const written = fields.written('node', { required: true });
  const read = written && readNode(written.text);
  if (written !== undefined && read !== undefined && 'fault' in read) fields.faultAt(written.offset, read.fault);
  const measures = readMeasures(fields, context);
  if (written === undefined || read === undefined || 'fault' in read || measures === undefined) return null;
  return { node: read.node, nodeText: written.text, ...measures };
}

function readMeasures(fields: Fields, context: Context): Pick<Aggregate, 'numerator' | 'denominator'> | undefined {
  const value = fields.written('value');
  if (value !== undefined) {
    if (fields.value('numerator') !== undefined || fields.value('denominator') !== undefined) {
      fields.fault('value', '"value" stands alone; remove it, or the numerator and denominator');
    }
    const numerator = readFold(value, fields, context);
    return numerator && { numerator, denominator: null };
  }
  const top = fields.written('numerator', { max: 1000 });
  const bottom = fields.written('denominator', { max: 1000 });
  if (top === undefined) {
    fields.faultAt(
      fields.offset,
      '"aggregate" lacks "value"; add value: avg(cpu.busy), or a numerator and a denominator',
    );
    return undefined;
  }
  const numerator = readMeasure(top, fields, context);
  const denominator = bottom === undefined ? null : readMeasure(bottom, fields, context);
  if (numerator === undefined || denominator === undefined) return undefined;
  if (numerator.kind === 'constant' && (denominator === null || denominator.kind === 'constant')) {
    fields.faultAt(top.offset, 'an aggregate of constants never changes; write $(METRIC) in one of its sides');
    return undefined;
  }
  return { numerator, denominator };
}

const foldShape =
  /^(?:(avg|sum|min|max)\(\s*|p(\d{1,2}(?:\.\d+)?)\(\s*|quantile\(\s*(0?\.\d+|0|1)\s*,\s*)([^\s()]+)\s*\)$/;

function readFold(written: Written, fields: Fields, context: Context): Measure | undefined {
  if (written.text === 'count' || written.text === '$#') return { kind: 'count' };
  const found = foldShape.exec(written.text);
  if (found === null) {
    fields.faultAt(
      written.offset,
      `"${written.text}" is not a value across a node; write avg(METRIC), sum, min, max, p95(METRIC), quantile(0.95, METRIC) or count`,
    );
    return undefined;
  }
  const [, name, percent, quantile, metric = ''] = found;
  if (!context.knowsMetric({ text: metric, offset: written.offset + written.text.indexOf(metric) })) return undefined;
  const share = percent === undefined ? Number(quantile ?? 0) : Number(percent) / 100;
  const fold = name === 'avg' || name === 'sum' || name === 'min' || name === 'max' ? name : 'quantile';
  return { kind: 'fold', fold, share, metric };
}

const compared =
  /^(?:\((?<group>[^()]*(?:\([^()]*\)[^()]*)*)\)|(?<plain>.*?))(?:(?<operator>>=|<=|>|<|=)(?<number>-?\d+(?:\.\d+)?))?$/;
const term = /^([+-]?)\$\(([^()]+)\)/;

/** `$#`, a number, or `$(a)+$(b)`, in brackets and with a comparison where wanted. Spaces play no part. */
function readMeasure(written: Written, fields: Fields, context: Context): Measure | undefined {
  const text = written.text.replace(/\s+/g, '');
  if (text === '$#') return { kind: 'count' };
  if (/^\d+(\.\d+)?$/.test(text)) return { kind: 'constant', value: Number(text) };
  const { group, plain, operator, number } = compared.exec(text)?.groups ?? {};
  const terms = readTerms(group ?? plain ?? '');
  if (terms === undefined) {
    fields.faultAt(
      written.offset,
      `"${written.text}" is not one side of an aggregate; write $(METRIC), $(A)+$(B), $(METRIC)>80, ($(A)+$(B))>80, $# or a number`,
    );
    return undefined;
  }
  const known = terms.map(({ metric }) =>
    context.knowsMetric({ text: metric, offset: written.offset + Math.max(0, written.text.indexOf(metric)) }),
  );
  if (known.includes(false)) return undefined;
  const found = operators.find((one) => one === operator);
  const compare: Comparison | null = found === undefined ? null : { operator: found, rightValue: Number(number) };
  return { kind: 'sum', terms, compare };
}

function readTerms(text: string): readonly Term[] | undefined {
  const terms: Term[] = [];
  for (let rest = text; rest !== ''; ) {
    const found = term.exec(rest);
    const [whole = '', sign = '', counter = ''] = found ?? [];
    if (found === null || terms.length > 0 !== (sign !== '') || terms.length === TERMS_MAX) return undefined;
    terms.push({ ...readCounter(counter), sign: sign === '-' ? -1 : 1 });
    rest = rest.slice(whole.length);
  }
  return terms.length === 0 ? undefined : terms;
}

/** Open-Falcon's counter: `metric` or `metric/k=v,k=v`. */
function readCounter(counter: string): { metric: string; tags: Tags } {
  const [metric = '', tagText = ''] = counter.split('/', 2);
  const pairs = tagText.split(',').flatMap((pair): [string, string][] => {
    const at = pair.indexOf('=');
    return at < 0 ? [] : [[pair.slice(0, at), pair.slice(at + 1)]];
  });
  return { metric, tags: Object.fromEntries(pairs) };
}
