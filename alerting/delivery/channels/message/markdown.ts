/** A message in the small dialect of Markdown that DingTalk, WeCom and Feishu have in common. */
import type { Message } from './message.ts';

/**
 * Names and notes are outside input: they must not become links, mentions (`<@user>`, `<at …>`) or a change of
 * the message's shape. Backslashes are shown as they are by these receivers, so that entities and a space do it.
 */
export function escapeMarkdown(text: string): string {
  return text
    .replaceAll('<', '&lt;')
    .replaceAll('](', '] (')
    .replace(/[*`]/g, '∗')
    .replace(/[\r\n]+/g, ' ');
}

/** The message without its title; two spaces and a line end are a break in all of them. */
export function markdownBody(message: Message): string {
  const lines = message.lines.map(escapeMarkdown);
  return [...lines, linksInMarkdown(message)].join('  \n');
}

export function markdownTitle(message: Message): string {
  return escapeMarkdown(message.title);
}

function linksInMarkdown({ url, links }: Message): string {
  return [{ label: 'open', url }, ...links].map((link) => `[${link.label}](${link.url})`).join(' · ');
}
