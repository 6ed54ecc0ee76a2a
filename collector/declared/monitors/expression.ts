/**
 * Regular expressions that people write: RE2's, which no input makes slow. The engine is loaded with
 * the first one, so that a collector without monitors does not carry it.
 */
import type { RE2JS } from 're2js';
import { AppError } from '../../../core/index.ts';

export type Expression = RE2JS;

/** Throws `CONFIG_INVALID` with RE2's own words. */
export async function compileExpression(text: string, what: string): Promise<Expression> {
  const { RE2JS } = await import('re2js');
  try {
    return RE2JS.compile(text);
  } catch (cause) {
    throw new AppError('CONFIG_INVALID', `${what} is no RE2 expression: ${faultOf(cause)}`, {
      hint: 'see https://github.com/google/re2/wiki/Syntax; lookahead and back-references do not exist there',
      cause,
    });
  }
}

function faultOf(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  return message.replace(/^error parsing regexp: /, '');
}
