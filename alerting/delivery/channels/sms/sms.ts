/** What SMS providers have in common: telephone numbers, and templates whose parameters a message fills in. */
import type { Fields } from '../../../rules/read/fields.ts';
import { unknownPlaceholder } from '../message/body-template.ts';
import type { Message } from '../message/message.ts';
import { truncate, utf16Units } from '../message/split.ts';
import { renderTemplate } from '../message/template.ts';

const PHONES_MAX = 100;
/** Providers refuse parameters that are longer. */
const PARAMETER_UNITS_MAX = 35;

/** `to:`, numbers that hear of everything. */
export function readPhones(fields: Fields): readonly string[] {
  return fields.texts('to', PHONES_MAX).flatMap(({ text, offset }) => {
    if (/^\+?[0-9]{5,20}$/.test(text)) return [text];
    fields.faultAt(offset, `"${text}" is no telephone number; write digits, with + and the country first`);
    return [];
  });
}

export function phonesOf(to: readonly string[], message: Message): readonly string[] {
  return [...new Set([...to, ...message.recipients.flatMap(({ phone }) => phone ?? [])])];
}

/** The numbers in groups of as many as one request takes. */
export function groupsOf(phones: readonly string[], max: number): string[][] {
  return Array.from({ length: Math.ceil(phones.length / max) }, (_, group) =>
    phones.slice(group * max, (group + 1) * max),
  );
}

type Parameters = (message: Message) => Record<string, string>;

/** `parameters:`, a map of a template's parameters to texts with {placeholders}; each is cut to what is taken. */
export function smsParameters(fields: Fields): Parameters {
  const written = fields.map('parameters');
  const templates = [...(written?.keys ?? [])].map((name) => {
    const text = written?.written(name, { max: 200 });
    const fault = text === undefined ? undefined : unknownPlaceholder(text.text);
    if (text !== undefined && fault !== undefined) fields.faultAt(text.offset, fault);
    return [name, text?.text ?? ''] as const;
  });
  const used = templates.length > 0 ? templates : ([['content', '{title}']] as const);
  return (message) =>
    Object.fromEntries(
      used.map(([name, text]) => [name, truncate(renderTemplate(text, message), PARAMETER_UNITS_MAX, utf16Units)]),
    );
}
