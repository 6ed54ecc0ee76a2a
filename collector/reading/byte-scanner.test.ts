import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteScanner } from './byte-scanner.ts';

function scannerOf(text: string): ByteScanner {
  const bytes = Buffer.from(text, 'utf8');
  // What lies behind the end belongs to the file read before, and must not be looked at.
  const buffer = Buffer.concat([bytes, Buffer.from('99 99\n')]);
  const scanner = new ByteScanner();
  scanner.load(buffer, bytes.length);
  return scanner;
}

/** The same by splitting: per line its words, numbers where a word begins with digits. */
function naive(text: string): (number | string)[][] {
  const lines = text.endsWith('\n') ? text.slice(0, -1) : text;
  return lines.split('\n').map((line) =>
    line
      .split(/[ \t]+/)
      .filter((word) => word !== '')
      .map((word) => (/^\d+$/.test(word) ? Number(word) : word)),
  );
}

function scanned(scanner: ByteScanner): (number | string)[][] {
  const lines: (number | string)[][] = [];
  while (!scanner.atEnd) {
    const words: (number | string)[] = [];
    for (;;) {
      scanner.skipBlanks();
      if (scanner.atEnd || scanner.peek() === 10) break;
      const before = scanner.offset;
      const value = scanner.uint();
      const isNumber = !Number.isNaN(value) && [32, 9, 10, -1].includes(scanner.peek());
      if (isNumber) {
        words.push(value);
        continue;
      }
      scanner.offset = before;
      const from = scanner.skipWord();
      words.push(scanner.text(from, scanner.offset));
    }
    scanner.skipLine();
    lines.push(words);
  }
  return lines;
}

const word = fc.oneof(
  fc.nat().map(String),
  fc.maxSafeNat().map(String),
  fc.stringMatching(/^[a-z_.:=()-]{1,12}$/),
  fc.stringMatching(/^[a-z]{1,3}[0-9]{1,3}$/),
  fc.constantFrom('größe', '-1', '0x1f', '12a'),
);
const line = fc.tuple(
  fc.constantFrom('', ' ', '  '),
  fc.array(fc.tuple(word, fc.constantFrom(' ', '\t', '   ')), { maxLength: 12 }),
);
const file = fc
  .array(line, { minLength: 1, maxLength: 20 })
  .map((lines) => lines.map(([indent, words]) => indent + words.flat().join('')).join('\n'));

describe('the byte scanner', () => {
  test('finds the words and numbers that splitting finds', () => {
    fc.assert(
      fc.property(file, fc.boolean(), (text, endsInNewline) => {
        const whole = endsInNewline || text === '' ? `${text}\n` : text;
        // A last line without a byte is no line for the scanner, and an empty string for split.
        const expected =
          whole.endsWith('\n') || whole.split('\n').at(-1) !== '' ? naive(whole) : naive(whole).slice(0, -1);
        expect(scanned(scannerOf(whole))).toEqual(expected);
      }),
    );
  });

  test('reads a number beyond 2^53 as the nearest double', () => {
    expect(scannerOf('9223372036854771712').uint()).toBeCloseTo(2 ** 63, -4);
  });

  test('tells a missing number from zero, and stays where it was', () => {
    const scanner = scannerOf('max 5');
    expect(scanner.uint()).toBeNaN();
    expect(scanner.text(scanner.skipWord(), scanner.offset)).toBe('max');
    expect(scanner.uint()).toBe(5);
    expect(scanner.uint()).toBeNaN();
  });

  test('does not read past the end of the file into an older one', () => {
    const scanner = scannerOf('12');
    expect(scanner.uint()).toBe(12);
    expect(scanner.peek()).toBe(-1);
    expect(scanner.accept(new Uint8Array([57]))).toBe(false);
  });

  test('looks for a byte in its own line only', () => {
    const scanner = scannerOf('a\nb:c');
    expect(scanner.skipPast(58)).toBe(false);
    scanner.skipLine();
    expect(scanner.skipPast(58)).toBe(true);
    expect(scanner.peek()).toBe('c'.charCodeAt(0));
  });
});
