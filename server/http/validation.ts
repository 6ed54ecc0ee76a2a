import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { AppError, describeMismatch } from '../../core/index.ts';

/**
 * One validator for everything at the door. Query strings and paths are text, so their values are
 * converted to what the schema says, and what they leave out is its default; bodies are taken as
 * they are. Values are never echoed.
 */
export const compileSchema: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const validator = Compile(schema);
  const isText = httpPart === 'querystring' || httpPart === 'params';
  return (value: unknown) => {
    const candidate = isText ? validator.Default(validator.Convert(value)) : value;
    if (validator.Check(candidate)) return { value: candidate };
    const { where, message } = describeMismatch(validator.Errors(candidate));
    return { error: new AppError('BAD_REQUEST', message, { where: `${httpPart ?? ''}${where}` }) };
  };
};
