import { describe, expect, test } from 'vitest';
import { byPriority, conditionText, lastEndMs, urgency, whereText } from './order.ts';

const condition = { metric: 'cpu.busy', tags: {}, func: 'all(#3)', operator: '>' };

describe('alerts in the order of who must act', () => {
  test('the most urgent first, and the newest first among equals', () => {
    const alerts = [
      { id: 'a', priority: 3, sinceMs: 1 },
      { id: 'b', priority: 0, sinceMs: 1 },
      { id: 'c', priority: 3, sinceMs: 9 },
    ];
    expect(byPriority(alerts).map((group) => [group.priority, group.alerts.map((each) => each.id)])).toEqual([
      [0, ['b']],
      [3, ['c', 'a']],
    ]);
  });

  test('quiet since the last recovery, not since the last alarm', () => {
    const firing = { status: 'PROBLEM', lastEventMs: 9 } as const;
    expect(lastEndMs([firing, { status: 'OK', lastEventMs: 5 }])).toBe(5);
    expect(lastEndMs([])).toBeNull();
  });

  test('colours mean urgency', () => {
    expect([0, 1, 2, 3, 4, 6].map(urgency)).toEqual(['red', 'red', 'orange', 'orange', 'yellow', 'yellow']);
  });

  test('a condition reads as in its file', () => {
    expect(conditionText(condition, '80 %')).toBe('all(#3) cpu.busy > 80 %');
    expect(conditionText({ ...condition, tags: { core: '3' } }, '80')).toBe('all(#3) cpu.busy{core=3} > 80');
  });
});

test('says whom a rule watches as its file does', () => {
  expect(whereText({ where: { kind: 'container', 'labels.tier': 'front' } })).toBe('kind=container, labels.tier=front');
  expect(whereText({ where: {} })).toBe('');
});
