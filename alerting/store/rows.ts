/** Reads of typed columns out of rows, and of JSON out of columns. */
import { type AlertEvent, AppError, alertEventSchema, parserOf, type Row } from '../../core/index.ts';

const parseEvent = parserOf(alertEventSchema, 'STATE_STORE', 'a stored event');

export function textOf(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw unexpected(column, 'text');
  return value;
}

export function numberOf(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== 'number') throw unexpected(column, 'a number');
  return value;
}

export function eventOf(row: Row, column = 'body'): AlertEvent {
  return parseEvent(JSON.parse(textOf(row, column)));
}

export function namesOf(row: Row, column: string): readonly string[] {
  const value: unknown = JSON.parse(textOf(row, column));
  if (!Array.isArray(value)) throw unexpected(column, 'a list');
  return value.map(String);
}

function unexpected(column: string, wanted: string): AppError {
  return new AppError('STATE_STORE', `column ${column} is not ${wanted}`, {
    hint: 'the state database was changed by something else, or by a newer version of Saker',
  });
}
