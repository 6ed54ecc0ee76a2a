import type { Catalogue } from '../../text/catalogue.ts';
import type { PanelLine } from '../panels.ts';

/** `used`, `eth0 received`, `core 3`. The part comes from outside: show it as text, isolated. */
export function lineName(line: PanelLine, words: Catalogue): string {
  const word = words.lines[line.word];
  if (line.part === null) return word;
  return line.word === 'core' ? `${word} ${line.part}` : `${line.part} ${word}`;
}
