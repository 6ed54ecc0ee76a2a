/** Writes what a person reads on a phone: how bad, what, where, why, since when, and where to look. */
import { type AlertEvent, findMetric, formatTags, formatValue } from '../../../core/index.ts';
import type { Stage } from '../stage.ts';

export function composeStage(publicUrl: string): Stage {
  return (message) => {
    const url = chartUrl(publicUrl, message.event);
    return { kind: 'next', message: { ...message, url, text: composeText(message.event) } };
  };
}

/** The endpoint's page, paused so that a minute after the event is its right edge. */
export function chartUrl(publicUrl: string, event: AlertEvent): string {
  const path = `/endpoint/${encodeURIComponent(event.endpoint)}?at=${event.eventTimeMs + 60_000}`;
  return `${publicUrl.replace(/\/+$/, '')}${path}`;
}

export function composeText(event: AlertEvent): string {
  const { condition, endpoint, note, priority, rule, status } = event;
  const tags = formatTags(event.tags);
  const series = tags === '' ? condition.metric : `${condition.metric}{${tags}}`;
  const isMetricsUnit = !['pdiff', 'stddev'].includes(condition.func.replace(/\(.*/, ''));
  const value = formatValue(event.leftValue, isMetricsUnit ? findMetric(condition.metric)?.unit : undefined);
  const parts = [
    `[P${priority}][${status}] ${rule}`,
    endpoint,
    ...(note === '' ? [] : [note]),
    `${series} is ${value}, rule ${condition.func} ${condition.operator} ${condition.rightValue}`,
    status === 'OK' ? `recovered after ${duration(event.eventTimeMs - event.sinceMs)}` : sinceText(event),
  ];
  return parts.join(' | ');
}

function sinceText(event: AlertEvent): string {
  const since = `since ${new Date(event.sinceMs).toISOString().replace('T', ' ').slice(0, 19)} UTC`;
  return event.currentStep === 1 ? since : `${since}, message ${event.currentStep}`;
}

function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}
