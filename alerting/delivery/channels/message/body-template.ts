/**
 * A webhook's body as its receiver wants it: a map in the rules file whose texts hold {placeholders}. Because the
 * map is turned into JSON after it was filled in, no value can break out of its quotes.
 */

import { nearestName } from '../../../../core/index.ts';
import type { Fields } from '../../../rules/read/fields.ts';
import type { Message } from './message.ts';
import { placeholderNames, placeholderValue, renderTemplate } from './template.ts';

const NODES_MAX = 200;
const DEPTH_MAX = 8;

/** JSON as the rules file has it; texts are templates. */
export type BodyTemplate =
  | string
  | number
  | boolean
  | null
  | readonly BodyTemplate[]
  | { readonly [key: string]: BodyTemplate };

/** Undefined where the key is absent, or after its faults were noted. */
export function readBodyTemplate(fields: Fields, key: string): BodyTemplate | undefined {
  const plain = fields.plain(key);
  if (plain === undefined) return undefined;
  const seen = { nodes: 0, fault: undefined as string | undefined };
  const template = toTemplate(plain, 0, seen);
  if (seen.nodes > NODES_MAX) seen.fault ??= `"${key}" has more than ${NODES_MAX} values`;
  if (seen.fault === undefined) return template;
  fields.fault(key, seen.fault);
  return undefined;
}

type Seen = { nodes: number; fault: string | undefined };

function toTemplate(value: unknown, depth: number, seen: Seen): BodyTemplate {
  seen.nodes++;
  if (depth > DEPTH_MAX) seen.fault ??= `"body" is nested more than ${DEPTH_MAX} deep`;
  if (seen.nodes > NODES_MAX || depth > DEPTH_MAX) return null;
  if (typeof value === 'string') {
    seen.fault ??= unknownPlaceholder(value);
    return value;
  }
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => toTemplate(item, depth + 1, seen));
  if (typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toTemplate(item, depth + 1, seen)]));
  }
  return null;
}

/** What is wrong with the placeholders of a text, or undefined. */
export function unknownPlaceholder(text: string): string | undefined {
  for (const [, name = ''] of text.matchAll(/\{([^{}]*)\}/g)) {
    if (placeholderNames.some((known) => known === name) || /^tags\../.test(name)) continue;
    const near = nearestName(name, placeholderNames);
    const advice =
      near === undefined
        ? `the placeholders are ${placeholderNames.map((known) => `{${known}}`).join(', ')}, {tags.KEY}`
        : `did you mean {${near}}?`;
    return `unknown placeholder {${name}}; ${advice}`;
  }
  return undefined;
}

export function renderBody(template: BodyTemplate, message: Message): string {
  return JSON.stringify(fill(template, message));
}

function fill(template: BodyTemplate, message: Message): unknown {
  if (typeof template === 'string') {
    // A placeholder alone keeps its kind: "{priority}" becomes a number.
    const alone = /^\{([^{}]*)\}$/.exec(template);
    return alone === null ? renderTemplate(template, message) : placeholderValue(alone[1] ?? '', message);
  }
  if (Array.isArray(template)) return template.map((item) => fill(item, message));
  if (typeof template !== 'object' || template === null) return template;
  return Object.fromEntries(Object.entries(template).map(([key, item]) => [key, fill(item, message)]));
}
