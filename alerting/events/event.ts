/** Makes the event of a transition: what is stored, shown and sent. */
import { createHash } from 'node:crypto';
import {
  type AlertEvent,
  type Endpoint,
  type FunctionName,
  findMetric,
  formatFunction,
  formatNumber,
  formatTags,
  formatValue,
  type Points,
  type Tags,
  type Unit,
} from '../../core/index.ts';
import type { Transition } from '../judge/transition.ts';
import { renderNote } from '../rules/read/note.ts';
import { formatRuleCondition, type Rule } from '../rules/rule.ts';
import { serviceOf } from '../rules/service.ts';

export type Subject = {
  readonly endpoint: Endpoint;
  readonly tags: Tags;
  /** `endpoint/metric/k=v`. */
  readonly series: string;
};

type EventTransition = Extract<Transition, { kind: 'event' }>;

export type Evidence = { readonly reason: string; readonly points: Points | null };

/** So many of the newest points go with an event: a minute, as a small chart shows it. */
const POINTS_KEPT = 60;

export function eventOfTransition(
  rule: Rule,
  subject: Subject,
  change: EventTransition,
  { reason, points }: Evidence,
): AlertEvent {
  const id = `s_${rule.slug}_${createHash('md5').update(subject.series).digest('hex')}`;
  return {
    key: keyOf(id, change),
    id,
    rule: rule.name,
    priority: rule.priority,
    note: renderNote(rule.note, (name) => placeholderValue(name, rule, subject, change.leftValue)),
    status: change.status,
    endpoint: subject.endpoint.name,
    tags: subject.tags,
    condition: conditionOf(rule),
    leftValue: change.leftValue,
    currentStep: change.step,
    eventTimeMs: change.second * 1000,
    sinceMs: change.sinceSecond * 1000,
    reason: `${reason}; ${change.reason}`,
    host: subject.endpoint.host,
    ...(rule.expression === null ? {} : { expression: formatRuleCondition(rule) }),
    points: points === null ? [] : listPoints(points),
    previous: change.previous,
  };
}

/** The newest points as `[second, value]`, oldest first. */
export function listPoints(points: Points): [number, number][] {
  const count = Math.min(points.count, POINTS_KEPT);
  return Array.from({ length: count }, (_, index) => [
    points.second(count - 1 - index),
    points.value(count - 1 - index),
  ]);
}

/** The OK that ends an alert whose rule watches its series no more. */
export function closingEvent(last: AlertEvent, second: number, reason: string): AlertEvent {
  const key = keyOf(last.id, { status: 'OK', second, step: 1 });
  return { ...last, status: 'OK', key, currentStep: 1, eventTimeMs: second * 1000, reason, points: [] };
}

/** The same event, made again after a crash, has the same key. */
function keyOf(id: string, change: Pick<EventTransition, 'status' | 'second' | 'step'>): string {
  return `${id}_${change.second}_${change.status}_${change.step}`;
}

export function conditionOf(rule: Rule): AlertEvent['condition'] {
  const { operator, rightValue } = rule.condition;
  const func = formatFunction(rule.condition);
  return { metric: rule.metric, tags: rule.where.tags, func, operator, rightValue };
}

function placeholderValue(name: string, rule: Rule, subject: Subject, leftValue: number): string | undefined {
  const { endpoint, tags } = subject;
  const unit = findMetric(rule.metric)?.unit;
  switch (name) {
    case 'endpoint':
      return endpoint.name;
    case 'host':
      return endpoint.host;
    case 'service':
      return serviceOf(endpoint);
    case 'image':
      return endpoint.container?.image;
    case 'metric':
      return rule.metric;
    case 'tags':
      return formatTags(tags);
    case 'value':
      return formatLeft(rule.condition.func, leftValue, unit);
    case 'threshold':
      return thresholdText(rule, unit);
    case 'rule':
      return rule.name;
    default:
      return name.startsWith('tags.') ? tags[name.slice(5)] : endpoint.labels[name.slice('labels.'.length)];
  }
}

/** What a function returns is not always in the unit of its metric. */
function formatLeft(func: FunctionName, leftValue: number, unit: Unit | undefined): string {
  if (func === 'seasonal') return `${formatNumber(leftValue)} σ`;
  if (func === 'nodata') return `${formatNumber(leftValue)} s without a sample`;
  return formatValue(leftValue, func === 'pdiff' || func === 'kpdiff' ? 'percent' : unit);
}

/** A stddev is compared with a number of standard deviations, a pdiff with percent, whatever the metric is in. */
function thresholdText(rule: Rule, unit: Unit | undefined): string {
  const { func, rightValue } = rule.condition;
  return func === 'stddev' ? `${formatNumber(rightValue)} σ` : formatLeft(func, rightValue, unit);
}
