import { describe, expect, test } from 'vitest';
import { AppError } from '../../core/index.ts';
import { engineError } from './engine-error.ts';

const engineSays = (type: string) => Object.assign(new Error('Code: 1. DB::Exception'), { type });

describe('an error of the engine', () => {
  test.each([
    ['TIMEOUT_EXCEEDED', 'TIMEOUT'],
    ['MEMORY_LIMIT_EXCEEDED', 'QUERY_LIMIT'],
    ['UNKNOWN_TABLE', 'HISTORY_UNAVAILABLE'],
  ])('%s becomes %s', (type, code) => {
    expect(engineError('read rollups', engineSays(type))).toMatchObject({ code, cause: { type } });
  });

  test('says what could not be done, and why, within bounds', () => {
    expect(engineError('read rollups', new Error('x'.repeat(9999))).message).toHaveLength(
      'could not read rollups: '.length + 501,
    );
    expect(engineError('read rollups', new AggregateError([])).message).toBe('could not read rollups: AggregateError');
  });

  test('is left alone when it is ours already', () => {
    const ours = new AppError('CONFLICT', 'ours');
    expect(engineError('read rollups', ours)).toBe(ours);
  });
});
