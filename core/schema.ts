import { type Static, type TSchema, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { AppError, type ErrorCode } from './errors.ts';

/** Building blocks of every schema at the door: all text and all lists are bounded. */
export const nameSchema = Type.String({ minLength: 1, maxLength: 255 });
export const metricSchema = Type.String({ minLength: 1, maxLength: 128, pattern: '^[A-Za-z_][A-Za-z0-9_.:-]*$' });
export const tagsSchema = Type.Record(
  Type.String({ pattern: '^[^,=\\s]{1,64}$' }),
  // A comma would end the tag where series are written down, and make two series one.
  Type.String({ maxLength: 255, pattern: '^[^,]*$' }),
  {
    maxProperties: 32,
    additionalProperties: false,
  },
);
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
    const { where, message } = describeMismatch(validator.Errors(value));
    throw new AppError(code, `${what}: ${message}`, { where });
  };
}

type SchemaError = {
  readonly keyword: string;
  readonly instancePath: string;
  readonly message: string;
  readonly params: object;
};

/** The first mismatch in words, and the JSON pointer of the field at fault. */
export function describeMismatch(errors: readonly SchemaError[]): { where: string; message: string } {
  const [error] = errors;
  const where = error === undefined || error.instancePath === '' ? '/' : error.instancePath;
  if (error?.keyword === 'boolean') return { where, message: 'is not a known field' };
  const words = errors.filter(({ instancePath }) => instancePath === error?.instancePath).flatMap(allowedWord);
  if (words.length > 0) return { where, message: `must be one of ${words.join(', ')}` };
  return { where, message: error?.message ?? 'does not fit its schema' };
}

/** The constant that one branch of a union asks for. */
function allowedWord({ keyword, params }: SchemaError): string[] {
  if (keyword !== 'const' || !('allowedValue' in params)) return [];
  return [JSON.stringify(params.allowedValue)];
}
