import { describe, expect, test } from 'vitest';
import { memoryVerdict } from './memory-verdict.ts';

const MIB = 2 ** 20;

/** In MiB of a limit of 100 MiB. */
function kindOf(usage: number, workingSet: number, anon: number, cache: number) {
  const figures = { usageBytes: usage * MIB, workingSetBytes: workingSet * MIB, anonBytes: anon * MIB };
  return memoryVerdict({ ...figures, cacheBytes: cache * MIB, limitBytes: 100 * MIB, oomKills: 0 })?.kind;
}

describe('the verdict on memory', () => {
  test.each([
    ['fine', 89, 60, 40, 49],
    ['cache_full', 90, 60, 40, 50],
    ['cache_full', 100, 89, 84, 16],
    ['files_in_use', 100, 90, 40, 60],
    ['tight', 100, 95, 85, 15],
    ['tight', 94, 94, 94, 0],
    ['oom_close', 100, 100, 95, 5],
  ])('is %s with %d used, %d in the working set, %d anonymous, %d page cache', (kind, ...figures) => {
    expect(kindOf(...figures)).toBe(kind);
  });

  test('counts the kernel’s own memory as held, which is neither anonymous nor page cache', () => {
    expect(kindOf(100, 100, 20, 4)).toBe('oom_close');
    expect(kindOf(100, 100, 20, 80)).toBe('files_in_use');
  });

  const figures = {
    usageBytes: 96,
    workingSetBytes: 96,
    anonBytes: 96,
    cacheBytes: 0,
    limitBytes: 100,
    oomKills: null,
  };

  test('says why in a sentence, with its weight', () => {
    expect(memoryVerdict(figures)).toEqual({
      kind: 'oom_close',
      severity: 'critical',
      text: 'anonymous memory takes 96 % of the limit: an OOM kill is close',
    });
    expect(memoryVerdict({ ...figures, oomKills: 2 })).toMatchObject({
      kind: 'oom_killed',
      text: expect.stringMatching(/2 tasks/),
    });
    expect(memoryVerdict({ ...figures, limitBytes: null })).toMatchObject({ kind: 'unlimited', severity: 'fine' });
  });

  test('is none where nothing was measured, and careful where only something was', () => {
    expect(memoryVerdict({ ...figures, usageBytes: null })).toBeNull();
    expect(memoryVerdict({ ...figures, anonBytes: null })).toBeNull();
    expect(memoryVerdict({ ...figures, anonBytes: 10, cacheBytes: null, workingSetBytes: null })?.kind).toBe(
      'cache_full',
    );
  });
});
