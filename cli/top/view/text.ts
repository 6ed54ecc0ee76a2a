/**
 * Text in terminal cells. Names come from whoever starts containers, so nothing that a terminal
 * would act on gets through, and East Asian characters count as the two cells that they take.
 */

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out.
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
const COMBINING = /^\p{M}$/u;
/** East Asian Wide and Fullwidth (Unicode Annex 11), and emoji, in their blocks. */
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]$/u;

export type Align = 'left' | 'right';

/** The text in exactly `width` cells; what does not fit ends in `…`. */
export function inCells(text: string, width: number, align: Align = 'left'): string {
  const clean = text.replace(UNPRINTABLE, '·');
  const total = cellsOf(clean);
  if (total > width) return pad(`${cut(clean, width - 1)}…`, width, 'left');
  return pad(clean, width, align);
}

function pad(text: string, width: number, align: Align): string {
  const blanks = ' '.repeat(Math.max(0, width - cellsOf(text)));
  return align === 'left' ? text + blanks : blanks + text;
}

function cut(text: string, width: number): string {
  let kept = '';
  let cells = 0;
  for (const character of text) {
    cells += cellOf(character);
    if (cells > width) return kept;
    kept += character;
  }
  return kept;
}

export function cellsOf(text: string): number {
  let cells = 0;
  for (const character of text) cells += cellOf(character);
  return cells;
}

function cellOf(character: string): number {
  if (COMBINING.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}
