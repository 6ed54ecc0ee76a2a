/** What {placeholders} in the templates of channels stand for. */
import { findMetric, formatNumber, formatTags, formatValue } from '../../../../core/index.ts';
import type { Message } from './message.ts';

export const placeholderNames = [
  'title',
  'text',
  'facts',
  'status',
  'priority',
  'rule',
  'endpoint',
  'metric',
  'tags',
  'note',
  'condition',
  'value',
  'step',
  'count',
  'time',
  'since',
  'reason',
  'url',
  'acknowledge_url',
  'silence_url',
  'image_url',
  'key',
  'id',
  'kind',
] as const;

type PlaceholderName = (typeof placeholderNames)[number];

/** Fills a template in. What a message does not have (a digest has no endpoint) reads `-`. */
export function renderTemplate(template: string, message: Message): string {
  return template.replace(/\{([^{}]*)\}/g, (_, name: string) => String(placeholderValue(name, message) ?? '-'));
}

/** The value of one placeholder; null where the message has no such thing. */
export function placeholderValue(name: string, message: Message): string | number | null {
  if (name.startsWith('tags.')) return only(message)?.tags[name.slice('tags.'.length)] ?? null;
  const known = placeholderNames.find((one) => one === name);
  if (known === undefined) return null;
  return aboutMessage(known, message) ?? aboutEvent(known, message);
}

function aboutMessage(name: PlaceholderName, message: Message): string | number | null {
  const { title, text, lines, status, priority, count, url, links, imageUrl, key, kind } = message;
  const values: Partial<Record<PlaceholderName, string | number | undefined>> = {
    title,
    text,
    facts: lines.join('\n'),
    status,
    priority,
    count,
    url,
    acknowledge_url: links.find((link) => link.label === 'acknowledge')?.url,
    silence_url: links.find((link) => link.label === 'silence')?.url,
    image_url: imageUrl,
    key,
    kind,
  };
  return values[name] ?? null;
}

function aboutEvent(name: PlaceholderName, message: Message): string | number | null {
  const event = only(message);
  if (event === undefined) return null;
  const { condition } = event;
  const values: Partial<Record<PlaceholderName, string | number>> = {
    rule: event.rule,
    endpoint: event.endpoint,
    metric: condition.metric,
    tags: formatTags(event.tags),
    note: event.note,
    condition: `${condition.func} ${condition.operator} ${formatNumber(condition.rightValue)}`,
    value: formatValue(event.leftValue, findMetric(condition.metric)?.unit),
    step: event.currentStep,
    time: new Date(event.eventTimeMs).toISOString(),
    since: new Date(event.sinceMs).toISOString(),
    reason: event.reason,
    id: event.id,
  };
  return values[name] ?? null;
}

/** The event of a message that is about one. */
const only = ({ events }: Message) => (events.length === 1 ? events[0] : undefined);
