import { type Static, type TSchema, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { AppError, type ErrorCode } from './errors.ts';

/** Building blocks of every schema at the door: all text and all lists are bounded. */
export const nameSchema = Type.String({ minLength: 1, maxLength: 255 });
export const metricSchema = Type.String({ minLength: 1, maxLength: 128, pattern: '^[A-Za-z_][A-Za-z0-9_.:-]*$' });
export const tagsSchema = Type.Record(Type.String({ pattern: '^[^,=\\s]{1,64}$' }), Type.String({ maxLength: 255 }), {
  maxProperties: 32,
  additionalProperties: false,
});
export const labelsSchema = Type.Record(Type.String({ pattern: '^.{1,255}$' }), Type.String({ maxLength: 1024 }), {
  maxProperties: 128,
  additionalProperties: false,
});

/**
 * A parser for data from outside. Returns the value typed by its schema, or throws an `AppError`
 * that names the field and what was wrong with it; the value itself is never echoed.
 */
export function parserOf<Schema extends TSchema>(schema: Schema, code: ErrorCode, what: string) {
  const validator = Compile(schema);
  return (value: unknown): Static<Schema> => {
    if (validator.Check(value)) return value;
    const [first] = validator.Errors(value);
    const path = first?.instancePath === undefined || first.instancePath === '' ? 'the whole' : first.instancePath;
    throw new AppError(code, `${what}: ${wordsFor(first?.keyword, first?.message)}`, { where: path });
  };
}

function wordsFor(keyword: string | undefined, message: string | undefined): string {
  if (keyword === 'boolean') return 'is not a known field';
  return message ?? 'does not fit its schema';
}
