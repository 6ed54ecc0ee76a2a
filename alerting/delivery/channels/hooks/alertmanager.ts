/**
 * A message as Alertmanager's webhook, version 4, so that what reads Alertmanager reads Saker.
 * Source: prometheus/alertmanager, docs/configuration.md, `webhook_config`.
 */
import { createHash } from 'node:crypto';
import type { AlertEvent } from '../../../../core/index.ts';
import type { Message } from '../message/message.ts';

/** Go's zero time: Alertmanager's way to say that an alert has not ended. */
const NOT_ENDED = '0001-01-01T00:00:00Z';

export function alertmanagerBody(message: Message, receiver: string): object {
  const alerts = message.events.map((event) => alertOf(event, message.url));
  const labels = alerts.map((alert) => alert.labels);
  return {
    version: '4',
    groupKey: `{}:{key="${message.key}"}`,
    truncatedAlerts: Math.max(0, message.count - alerts.length),
    status: message.status === 'OK' ? 'resolved' : 'firing',
    receiver,
    groupLabels: commonOf(labels, ['alertname']),
    commonLabels: commonOf(labels),
    commonAnnotations: { summary: message.title },
    externalURL: new URL(message.url).origin,
    alerts,
  };
}

function alertOf(event: AlertEvent, generatorURL: string) {
  const labels: Record<string, string> = {
    ...event.tags,
    alertname: event.rule,
    endpoint: event.endpoint,
    metric: event.condition.metric,
    priority: String(event.priority),
    severity: severityOf(event.priority),
  };
  return {
    status: event.status === 'OK' ? 'resolved' : 'firing',
    labels,
    annotations: { summary: event.note === '' ? event.rule : event.note, description: event.reason },
    startsAt: new Date(event.sinceMs).toISOString(),
    endsAt: event.status === 'OK' ? new Date(event.eventTimeMs).toISOString() : NOT_ENDED,
    generatorURL,
    fingerprint: createHash('md5').update(event.id).digest('hex').slice(0, 16),
  };
}

/** The words that PagerDuty and most Alertmanager set-ups use. */
export function severityOf(priority: number): 'critical' | 'error' | 'warning' | 'info' {
  if (priority <= 1) return 'critical';
  if (priority === 2) return 'error';
  return priority === 3 ? 'warning' : 'info';
}

function commonOf(labels: readonly Record<string, string>[], names?: readonly string[]): Record<string, string> {
  const [first, ...rest] = labels;
  if (first === undefined) return {};
  const common = Object.entries(first).filter(
    ([name, value]) => (names?.includes(name) ?? true) && rest.every((other) => other[name] === value),
  );
  return Object.fromEntries(common);
}
