/** `*` for any run of characters, everything else for itself; linear in the length of the text. */

const PATTERNS_MAX = 1000;
const cache = new Map<string, (text: string) => boolean>();

export function globMatcher(pattern: string): (text: string) => boolean {
  const known = cache.get(pattern);
  if (known !== undefined) return known;
  const matcher = matcherOf(pattern);
  if (cache.size >= PATTERNS_MAX) cache.clear();
  cache.set(pattern, matcher);
  return matcher;
}

function matcherOf(pattern: string): (text: string) => boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return (text) => text === pattern;
  return (text) => {
    if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false;
    let at = first.length;
    for (const piece of rest) {
      const found = text.indexOf(piece, at);
      if (found < 0) return false;
      at = found + piece.length;
    }
    return at <= text.length - last.length;
  };
}
