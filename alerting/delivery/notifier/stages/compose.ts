/** Writes what a person reads on a phone: how bad, what, where, why, since when, where to look and what to press. */
import { type AlertEvent, assert, findMetric, formatTags, formatValue } from '../../../../core/index.ts';
import type { Link, Message, Recipient } from '../../channels/index.ts';
import { renderTemplate } from '../../channels/message/template.ts';
import type { Content, Stage } from '../stage.ts';

export type ComposeOptions = {
  readonly publicUrl: string;
  /** What can be pressed in a message about an event by these people; none where links are not signed. */
  readonly linksFor: (event: AlertEvent, by: string) => readonly Link[];
  /** A picture of the event's window, where anybody can fetch one. */
  readonly imageFor: (event: AlertEvent) => string | undefined;
};

export function composeStage(options: ComposeOptions): Stage {
  return (outgoing) => {
    const { content, channel, channelName, audience, recipients = [], createdAtMs } = outgoing;
    assert(channel, 'an addressed message');
    const by = recipients.map(({ name }) => name).join(', ') || audience || channelName;
    const message = composeMessage(content, { ...options, recipients, by, createdAtMs });
    return { kind: 'next', outgoing: { ...outgoing, message: wordMessage(message, channel.options) } };
  };
}

type Wording = { readonly title?: string | undefined; readonly text?: string | undefined };

/** The channel's own words: a text of its own takes the place of the facts, line by line, and of the one line. */
export function wordMessage(message: Message, { title, text }: Wording): Message {
  const titled = title === undefined ? message : { ...message, title: renderTemplate(title, message) };
  if (text === undefined) return titled;
  const lines = renderTemplate(text, message).split('\n');
  return { ...titled, lines, text: lines.join(' | ') };
}

type Composing = ComposeOptions & {
  readonly recipients: readonly Recipient[];
  readonly by: string;
  readonly createdAtMs: number;
};

export function composeMessage(content: Content, composing: Composing): Message {
  const { publicUrl, linksFor, imageFor, recipients, by, createdAtMs } = composing;
  if (content.kind === 'message') {
    const { path, ...body } = content.body;
    const text = [body.title, ...body.lines].join(' | ');
    return {
      ...body,
      key: content.key,
      text,
      url: `${withoutSlash(publicUrl)}${path}`,
      links: body.kind === 'report' && body.status === 'PROBLEM' && body.events[0] ? linksFor(body.events[0], by) : [],
      recipients,
      createdAtMs,
    };
  }
  const { event } = content;
  const imageUrl = imageFor(event);
  const title = `[P${event.priority}][${event.status}] ${event.rule}`;
  const lines = factsOf(event);
  return {
    key: event.key,
    kind: 'event',
    status: event.status,
    priority: event.priority,
    title,
    lines,
    text: [title, ...lines].join(' | '),
    url: chartUrl(publicUrl, event),
    links: event.status === 'PROBLEM' ? linksFor(event, by) : [],
    ...(imageUrl === undefined ? {} : { imageUrl }),
    events: [event],
    count: 1,
    recipients,
    createdAtMs,
  };
}

/** The endpoint's page, paused so that a minute after the event is its right edge. */
export function chartUrl(publicUrl: string, event: AlertEvent): string {
  const path = `/endpoint/${encodeURIComponent(event.endpoint)}?at=${event.eventTimeMs + 60_000}`;
  return `${withoutSlash(publicUrl)}${path}`;
}

const withoutSlash = (url: string): string => url.replace(/\/+$/, '');

function factsOf(event: AlertEvent): readonly string[] {
  const { condition, endpoint, note, status } = event;
  const tags = formatTags(event.tags);
  const series = tags === '' ? condition.metric : `${condition.metric}{${tags}}`;
  const isMetricsUnit = !['pdiff', 'kpdiff', 'stddev', 'seasonal', 'nodata'].includes(
    condition.func.replace(/\(.*/, ''),
  );
  const value = formatValue(event.leftValue, isMetricsUnit ? findMetric(condition.metric)?.unit : undefined);
  const rule = event.expression ?? `${condition.func} ${condition.operator} ${condition.rightValue}`;
  const isSilence = condition.func.startsWith('nodata');
  return [
    endpoint,
    ...(note === '' ? [] : [note]),
    isSilence ? `${series}: ${event.reason}` : `${series} is ${value}, rule ${rule}`,
    status === 'OK' ? `recovered after ${duration(event.eventTimeMs - event.sinceMs)}` : sinceText(event),
  ];
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
