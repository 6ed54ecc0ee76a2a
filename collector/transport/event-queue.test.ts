import { describe, expect, test } from 'vitest';
import type { HostEvent } from '../../core/index.ts';
import { EventQueue } from './event-queue.ts';

const event = (number: number): HostEvent => ({
  id: `b-${number}`,
  kind: 'segfault',
  severity: 'warning',
  atMs: number,
  endpoint: 'h',
  text: '',
  line: '',
  facts: {},
});

function queueOf(count: number): EventQueue {
  const queue = new EventQueue();
  for (let number = 1; number <= count; number++) queue.push(event(number));
  return queue;
}

describe('the events that wait', () => {
  test('leave in batches of a hundred, one at a time', () => {
    const queue = queueOf(150);
    const first = queue.take();
    expect([first?.batch, first?.events.length, queue.take()]).toEqual([1, 100, null]);
    queue.taken(1);
    expect(queue.take()?.events.map(({ id }) => id)[0]).toBe('b-101');
  });

  test('come again when their connection ended, and are not forgotten for an old acknowledgement', () => {
    const queue = queueOf(2);
    queue.take();
    queue.connectionLost();
    expect(queue.take()?.batch).toBe(2);
    queue.taken(1);
    expect(queue.size).toBe(2);
    queue.taken(2);
    expect(queue.size).toBe(0);
  });

  test('lose the oldest when there are too many, also of a batch that is under way', () => {
    const queue = queueOf(1000);
    queue.take();
    for (let number = 1001; number <= 1050; number++) queue.push(event(number));
    expect([queue.size, queue.dropped]).toEqual([1000, 50]);
    queue.taken(1);
    expect(queue.size).toBe(950);
    expect(queue.take()?.events[0]?.id).toBe('b-101');
  });
});
