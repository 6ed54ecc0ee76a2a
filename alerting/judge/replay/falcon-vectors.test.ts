import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseVector, replayVector, type Vector, type VectorEvent } from './vectors.ts';

type Recorded = Vector & { readonly events: readonly VectorEvent[] };

const file = new URL('../../../test/fixtures/falcon-vectors/vectors.jsonl', import.meta.url);
const vectors: readonly Recorded[] = readFileSync(file, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));

describe('vectors of the Open-Falcon judge', () => {
  test('are all here', () => expect(vectors.length).toBe(100));

  test.each(vectors)('vector $id: $rule.func $rule.op $rule.right_value on a $counterType', (vector) => {
    expect(replayVector(parseVector(vector))).toEqual({ events: vector.events, fault: null });
  });
});
