import { RE2JS } from 're2js';
import { AppError, type LabelMatcher, PATTERN_CHARACTERS_MAX } from '../../../core/index.ts';

/** Whether a label's value passes. */
export type LabelTest = (value: string) => boolean;

/** Answers of one test that are kept: a label of a fleet has few values, and a pattern costs a microsecond. */
const ANSWERS_MAX = 10_000;

/** An alternative of plain text. */
const PLAIN = /^[A-Za-z0-9_ :/@=,%#~"'<>&;!-]*$/;

/**
 * The test that a matcher asks for. Patterns are RE2, so their time is linear in what they are
 * matched against, whoever wrote them; they match the whole value, and `.` matches newlines too
 * (Prometheus, `labels.NewFastRegexMatcher`). Throws `BAD_REQUEST` with `where` for one that is none.
 */
export function labelTest({ op, value }: LabelMatcher, where: string): LabelTest {
  if (op === '=') return (text) => text === value;
  if (op === '!=') return (text) => text !== value;
  const matches = patternTest(value, where);
  return op === '=~' ? matches : (text) => !matches(text);
}

function patternTest(pattern: string, where: string): LabelTest {
  if (pattern.length > PATTERN_CHARACTERS_MAX) {
    throw refused(`a pattern of ${pattern.length} characters, at most ${PATTERN_CHARACTERS_MAX} are taken`, where);
  }
  if (pattern === '.*') return () => true;
  if (pattern === '.+') return (text) => text !== '';
  const words = pattern.split('|');
  if (words.every((word) => PLAIN.test(word))) {
    const set = new Set(words);
    return (text) => set.has(text);
  }
  const compiled = compile(pattern, where);
  return remembered((text) => compiled.testExact(text));
}

function compile(pattern: string, where: string): RE2JS {
  try {
    return RE2JS.compile(pattern, RE2JS.DOTALL);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw refused(`not an RE2 pattern: ${why}`, where, cause);
  }
}

function refused(message: string, where: string, cause?: unknown): AppError {
  return new AppError('BAD_REQUEST', message, {
    where,
    hint: 'RE2 has no look-around and no back-references: https://github.com/google/re2/wiki/Syntax',
    cause,
  });
}

function remembered(test: LabelTest): LabelTest {
  const answers = new Map<string, boolean>();
  return (text) => {
    const known = answers.get(text);
    if (known !== undefined) return known;
    const answer = test(text);
    if (answers.size < ANSWERS_MAX) answers.set(text, answer);
    return answer;
  };
}
