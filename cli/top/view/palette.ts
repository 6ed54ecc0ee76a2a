/** SGR sequences (ECMA-48), or nothing where colours are off. Meaning never hangs on colour alone. */
export type Style = 'plain' | 'bold' | 'dim' | 'title' | 'warning' | 'bad';

const CODES: Readonly<Record<Style, string>> = {
  plain: '',
  bold: '1',
  dim: '2',
  title: '7',
  warning: '33',
  bad: '1;31',
};

export type Paint = (text: string, style: Style) => string;

export const inColour: Paint = (text, style) =>
  style === 'plain' || text === '' ? text : `\u001b[${CODES[style]}m${text}\u001b[0m`;

export const withoutColour: Paint = (text) => text;
