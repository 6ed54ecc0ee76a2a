/** Cuts text to what a receiver takes, at line ends where it can, and never inside a character. */

/** Most parts of one message; what does not fit into them is told by number and not shown. */
const PARTS_MAX = 5;

/** The size of a text as its receiver counts it. */
export type Measure = (text: string) => number;

export const utf8Bytes: Measure = (text) => Buffer.byteLength(text, 'utf8');
export const utf16Units: Measure = (text) => text.length;

/** Room for `(2/5) ` before a part, and for the note about what was left out after the last. */
const NUMBERING = 8;
const LEFT_OUT_ROOM = 40;

/** The text in parts of at most `max`, numbered when there are several; at least one part. */
export function splitText(text: string, max: number, measure: Measure = utf8Bytes): readonly string[] {
  if (measure(text) <= max) return [text];
  const pieces = text.split('\n').flatMap((line) => cutLine(line, max - NUMBERING - LEFT_OUT_ROOM, measure));
  const parts: string[] = [];
  let current: string | undefined;
  let used = 0;
  for (const piece of pieces) {
    const joined: string = current === undefined ? piece : `${current}\n${piece}`;
    if (measure(joined) <= max - NUMBERING - LEFT_OUT_ROOM) {
      current = joined;
    } else {
      if (current !== undefined) parts.push(current);
      if (parts.length === PARTS_MAX) {
        current = undefined;
        break;
      }
      current = piece;
    }
    used++;
  }
  if (current !== undefined) parts.push(current);
  const leftOut = pieces.length - used;
  const note = leftOut > 0 ? `\n… ${leftOut} more ${leftOut === 1 ? 'line' : 'lines'}` : '';
  return parts.map((part, index) => {
    const isLast = index === parts.length - 1;
    return `(${index + 1}/${parts.length}) ${part}${isLast ? note : ''}`;
  });
}

/** The beginning of a text, at most `max`, with `…` where something is missing. */
export function truncate(text: string, max: number, measure: Measure = utf8Bytes): string {
  if (measure(text) <= max) return text;
  return `${takeWithin(text, max - measure('…'), measure)}…`;
}

function cutLine(line: string, max: number, measure: Measure): readonly string[] {
  const pieces: string[] = [];
  let rest = line;
  while (measure(rest) > max) {
    const piece = takeWithin(rest, max, measure);
    pieces.push(piece);
    rest = rest.slice(piece.length);
  }
  return [...pieces, rest];
}

/** The longest beginning that fits, whole characters only; at least one character, so that a caller gets on. */
function takeWithin(text: string, max: number, measure: Measure): string {
  let taken = '';
  let size = 0;
  for (const character of text) {
    size += measure(character);
    if (size > max && taken !== '') break;
    taken += character;
  }
  return taken;
}
