/** What a terminal in raw mode sends, as names of keys. */
const SEQUENCES: Readonly<Record<string, string>> = {
  '\u001b[A': 'up',
  '\u001b[B': 'down',
  '\u001b[C': 'right',
  '\u001b[D': 'left',
  '\u001bOA': 'up',
  '\u001bOB': 'down',
  '\u001bOC': 'right',
  '\u001bOD': 'left',
  '\u001b[H': 'home',
  '\u001b[F': 'end',
  '\u001b[1~': 'home',
  '\u001b[4~': 'end',
  '\u001bOH': 'home',
  '\u001bOF': 'end',
  '\u001b[5~': 'page-up',
  '\u001b[6~': 'page-down',
  '\u001b': 'escape',
  '\r': 'enter',
  '\n': 'enter',
  '\t': 'tab',
  '\u007f': 'backspace',
  '\b': 'backspace',
  '\u0003': 'ctrl-c',
  '\u001a': 'ctrl-z',
  '\f': 'ctrl-l',
};

// A sequence of the terminal as a whole, else one character.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what a terminal sends.
const KEY = /\u001b(?:\[[0-9;?<=>]*[ -/]*[@-~]|O[A-Z])|[\s\S]/gu;

/** The keys in one piece of input; sequences that stand for nothing here are left out. */
export function keysOf(input: string): readonly string[] {
  return [...input.matchAll(KEY)].flatMap(([text]) => {
    const named = SEQUENCES[text];
    if (named !== undefined) return [named];
    return text.length > 2 || text < ' ' ? [] : [text];
  });
}
