import { Type } from 'typebox';

/** What every file here uses. Objects of the API are closed: an unknown field is an error. */
export const closed = { additionalProperties: false } as const;

export const timeMs = Type.Integer({ minimum: 0, maximum: 2 ** 48, description: 'Milliseconds since the Unix epoch' });
export const identifier = Type.String({ minLength: 1, maxLength: 128, pattern: '^[A-Za-z0-9_.:-]+$' });

/** A NaN or an infinity is written as a string, a missing sample as null; JSON has neither. */
export const sample = Type.Union([
  Type.Number(),
  Type.Null(),
  Type.Literal('NaN'),
  Type.Literal('Infinity'),
  Type.Literal('-Infinity'),
]);

export const problemSchema = Type.Object(
  {
    code: Type.String({ description: 'A code of docs/errors.md' }),
    message: Type.String({ description: 'What happened, for a person' }),
    where: Type.Optional(Type.String({ description: 'The field or resource at fault' })),
    hint: Type.Optional(Type.String({ description: 'What to do about it' })),
    requestId: Type.Optional(Type.String()),
  },
  { ...closed, $id: 'Problem', description: 'Body of every error answer' },
);

/** A double as the API writes it. */
export function jsonNumber(value: number): number | 'NaN' | 'Infinity' | '-Infinity' {
  if (Number.isFinite(value)) return value;
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? 'Infinity' : '-Infinity';
}
