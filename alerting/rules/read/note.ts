/** Notes: one sentence of the rule's author with {placeholders}, filled in when an event is made. */
import { nearestName, type Written } from '../../../core/index.ts';

const names = ['endpoint', 'host', 'service', 'image', 'metric', 'tags', 'value', 'threshold', 'rule'] as const;

/** What stands for a placeholder, by its text between the braces; undefined where the series has no such thing. */
export type NoteValues = (placeholder: string) => string | undefined;

const placeholder = /\{([^{}]*)\}/g;

/** Tells every placeholder that would never be filled. */
export function checkNote(written: Written, fault: (offset: number, message: string) => void): void {
  for (const found of written.text.matchAll(placeholder)) {
    const name = found[1] ?? '';
    if (isKnown(name)) continue;
    const near = nearestName(name, names);
    const advice =
      near === undefined
        ? `the placeholders are ${names.map((known) => `{${known}}`).join(', ')}, {tags.KEY}, {labels.KEY}`
        : `did you mean {${near}}?`;
    fault(written.offset + found.index, `unknown placeholder {${name}}; ${advice}`);
  }
}

/** Fills a note in. What the series does not have reads `-`. */
export function renderNote(note: string, values: NoteValues): string {
  return note.replace(placeholder, (_, name: string) => values(name) ?? '-');
}

function isKnown(name: string): boolean {
  return names.some((known) => known === name) || /^(tags|labels)\../.test(name);
}
