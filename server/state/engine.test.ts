import { describe, expect, test } from 'vitest';
import { StateEngine } from './engine.ts';

const migrations = [{ id: 'one', statements: ['CREATE TABLE thing (name TEXT PRIMARY KEY, size INTEGER) STRICT'] }];

function engine(): StateEngine {
  const opened = new StateEngine(':memory:');
  opened.migrate(migrations);
  return opened;
}

const insert = (name: string, size: number) => ({ sql: 'INSERT INTO thing VALUES (?, ?)', params: [name, size] });

describe('state engine', () => {
  test('runs a migration once', () => {
    const opened = engine();
    opened.write([insert('a', 1)]);
    opened.migrate(migrations);
    expect(opened.read({ sql: 'SELECT * FROM thing' })).toStrictEqual([{ name: 'a', size: 1 }]);
  });

  test('writes all statements or none', () => {
    const opened = engine();
    opened.write([insert('a', 1)]);
    expect(() => opened.write([insert('b', 2), insert('a', 3)])).toThrow(/UNIQUE constraint failed/);
    opened.write([insert('c', 4)]);
    expect(opened.read({ sql: 'SELECT name FROM thing ORDER BY name' })).toStrictEqual([{ name: 'a' }, { name: 'c' }]);
  });

  test('keeps text as text, however it looks', () => {
    const opened = engine();
    const nasty = `'; DROP TABLE thing; -- \u{1f985}`;
    opened.write([insert(nasty, 1)]);
    expect(opened.read({ sql: 'SELECT name FROM thing WHERE name = ?', params: [nasty] })).toStrictEqual([
      { name: nasty },
    ]);
  });
});
