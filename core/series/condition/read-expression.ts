/**
 * Reads `all(#3) > 80 and (avg(load.1min, 30s) > 4 or not max(#10) < 2)`: tests joined by and, or, not.
 * `and` binds closer than `or`. One pass over the text by recursive descent, its depth bounded.
 */
import { type Expression, TESTS_MAX, testsOf } from './condition.ts';
import { type Reader, readTest, type Written } from './read-test.ts';

const DEPTH_MAX = 8;

const slips: Readonly<Record<string, string>> = { '&&': 'and', '||': 'or', '&': 'and', '|': 'or' };

/** The expression, or undefined after its faults were told to the reader. */
export function readExpression(written: Written, reader: Reader): Expression | undefined {
  const slip = /&&?|\|\|?/.exec(written.text);
  if (slip !== null) {
    return reader.fault(written.offset + slip.index, `unknown "${slip[0]}"; write "${slips[slip[0]]}"`);
  }
  const cursor = new Cursor(written, reader);
  const found = readOr(cursor, 0);
  cursor.skipSpace();
  if (!cursor.failed && !cursor.atEnd) {
    return cursor.fault('there is a ")" without its "("; remove it');
  }
  if (found === undefined || cursor.failed) return undefined;
  const tests = testsOf(found);
  if (tests.length > TESTS_MAX) {
    return reader.fault(written.offset, `${tests.length} tests in one condition; ${TESTS_MAX} at most`);
  }
  if (tests.length > 1 && tests.some(({ condition }) => condition.func === 'nodata')) {
    return reader.fault(written.offset, 'nodata stands alone; make it a rule of its own');
  }
  return found;
}

class Cursor {
  readonly text: string;
  readonly reader: Reader;
  readonly #offset: number;
  at = 0;
  failed = false;

  constructor({ text, offset }: Written, reader: Reader) {
    this.text = text;
    this.#offset = offset;
    this.reader = reader;
  }

  get atEnd(): boolean {
    return this.at >= this.text.length;
  }

  skipSpace(): void {
    while (/\s/.test(this.text[this.at] ?? '')) this.at++;
  }

  /** Steps over a word when it stands here, whole. */
  take(word: 'and' | 'or' | 'not'): boolean {
    this.skipSpace();
    const found = this.text.slice(this.at, this.at + word.length);
    const after = this.text[this.at + word.length] ?? ' ';
    if (found.toLowerCase() !== word || !/[\s(]/.test(after)) return false;
    this.at += word.length;
    return true;
  }

  takeSign(sign: '(' | ')'): boolean {
    this.skipSpace();
    if (this.text[this.at] !== sign) return false;
    this.at++;
    return true;
  }

  /** The text up to the next word that joins, or the bracket that closes a group. */
  takeTest(): Written {
    this.skipSpace();
    const start = this.at;
    let depth = 0;
    for (; this.at < this.text.length; this.at++) {
      const sign = this.text[this.at];
      if (sign === '(') depth++;
      else if (sign === ')' && depth-- === 0) break;
      else if (depth === 0 && /^\s(and|or)(?:[\s(]|$)/i.test(this.text.slice(this.at, this.at + 5))) break;
    }
    return { text: this.text.slice(start, this.at).trim(), offset: this.#offset + start };
  }

  fault(message: string): undefined {
    this.failed = true;
    return this.reader.fault(this.#offset + Math.min(this.at, Math.max(0, this.text.length - 1)), message);
  }
}

function readOr(cursor: Cursor, depth: number): Expression | undefined {
  return readJoined(cursor, 'or', () => readJoined(cursor, 'and', () => readOperand(cursor, depth)));
}

/** Reads on after a fault, so that every test of the condition is looked at. */
function readJoined(
  cursor: Cursor,
  word: 'and' | 'or',
  readNext: () => Expression | undefined,
): Expression | undefined {
  const operands: Expression[] = [];
  let count = 0;
  do {
    const operand = readNext();
    count++;
    if (operand !== undefined) operands.push(operand);
  } while (!cursor.failed && cursor.take(word));
  if (operands.length < count) return undefined;
  const [only] = operands;
  return operands.length === 1 ? only : { kind: word, operands };
}

function readOperand(cursor: Cursor, depth: number): Expression | undefined {
  if (depth >= DEPTH_MAX) return cursor.fault(`brackets are nested more than ${DEPTH_MAX} deep; write it flatter`);
  if (cursor.take('not')) {
    const operand = readOperand(cursor, depth + 1);
    return operand && { kind: 'not', operand };
  }
  if (!cursor.takeSign('(')) {
    const written = cursor.takeTest();
    if (written.text === '') return cursor.fault('a test is missing here; write one, as in all(#3) > 80');
    const test = readTest(written, cursor.reader);
    return test && { kind: 'test', test };
  }
  const inner = readOr(cursor, depth + 1);
  if (cursor.failed) return undefined;
  if (!cursor.takeSign(')')) return cursor.fault('a bracket is not closed; write the ")" where its group ends');
  return inner;
}
