import { describe, expect, test } from 'vitest';
import { instantOf, localTimeOf, onCall } from './on-call.ts';
import type { Rotation } from './people.ts';

const weekly: Rotation = {
  name: 'primary',
  users: ['ann', 'bob', 'cat'],
  start: { year: 2026, month: 1, day: 5, minute: 9 * 60 },
  timeZone: 'Europe/Berlin',
  turn: { unit: 'day', count: 7 },
  overrides: [],
};

const at = (iso: string): number => Date.parse(iso);
const who = (rotation: Rotation, iso: string) => onCall(rotation, at(iso))?.user ?? null;

describe('a rotation of weeks', () => {
  test('hands over at the hour of its start, not before', () => {
    expect(who(weekly, '2026-01-05T07:59:59Z')).toBeNull();
    expect(who(weekly, '2026-01-05T08:00:00Z')).toBe('ann');
    expect(who(weekly, '2026-01-12T07:59:59Z')).toBe('ann');
    expect(who(weekly, '2026-01-12T08:00:00Z')).toBe('bob');
    expect(who(weekly, '2026-01-26T08:00:00Z')).toBe('ann');
  });

  test('keeps its hour on the wall when the clocks go forward', () => {
    // From 29 March on, nine o'clock in Berlin is seven in UTC.
    expect(who(weekly, '2026-03-30T06:59:59Z')).toBe('cat');
    expect(who(weekly, '2026-03-30T07:00:00Z')).toBe('ann');
    expect(onCall(weekly, at('2026-03-30T06:59:59Z'))?.untilMs).toBe(at('2026-03-30T07:00:00Z'));
  });

  test('keeps it when they go back', () => {
    const before = onCall(weekly, at('2026-10-25T12:00:00Z'));
    expect(before?.untilMs).toBe(at('2026-10-26T08:00:00Z'));
    expect(who(weekly, '2026-10-26T07:59:59Z')).toBe(before?.user);
    expect(who(weekly, '2026-10-26T08:00:00Z')).not.toBe(before?.user);
  });
});

test('a turn of twelve hours lasts twelve hours that pass, also in the night of the change', () => {
  const nights: Rotation = { ...weekly, users: ['ann', 'bob'], turn: { unit: 'hour', count: 12 } };
  const first = onCall(nights, at('2026-03-28T20:00:00Z'));
  expect(first?.untilMs).toBe(at('2026-03-29T08:00:00Z'));
  expect(who(nights, '2026-03-29T08:00:00Z')).not.toBe(first?.user);
});

test('who stands in holds from the first to before the last moment, and the later of two holds', () => {
  const overrides = [
    { user: 'dan', fromMs: at('2026-01-06T00:00:00Z'), toMs: at('2026-01-08T00:00:00Z') },
    { user: 'eve', fromMs: at('2026-01-07T00:00:00Z'), toMs: at('2026-01-07T12:00:00Z') },
  ];
  const rotation = { ...weekly, overrides };
  expect(who(rotation, '2026-01-05T23:59:59Z')).toBe('ann');
  expect(who(rotation, '2026-01-06T00:00:00Z')).toBe('dan');
  expect(who(rotation, '2026-01-07T00:00:00Z')).toBe('eve');
  expect(who(rotation, '2026-01-07T12:00:00Z')).toBe('dan');
  expect(who(rotation, '2026-01-08T00:00:00Z')).toBe('ann');
  expect(onCall(rotation, at('2026-01-05T12:00:00Z'))?.untilMs).toBe(at('2026-01-06T00:00:00Z'));
});

describe('a wall clock', () => {
  const berlin = (iso: string) => {
    const [date = '', time = ''] = iso.split('T');
    const [year = 0, month = 0, day = 0] = date.split('-').map(Number);
    const [hour = 0, minute = 0] = time.split(':').map(Number);
    return new Date(instantOf({ year, month, day, minute: hour * 60 + minute }, 'Europe/Berlin')).toISOString();
  };

  test('shows most times once, skips some, and shows some twice, of which the first is meant', () => {
    expect(berlin('2026-07-01T12:00')).toBe('2026-07-01T10:00:00.000Z');
    expect(berlin('2026-03-29T02:30')).toBe('2026-03-29T01:30:00.000Z');
    expect(berlin('2026-10-25T02:30')).toBe('2026-10-25T00:30:00.000Z');
  });

  test('is read back as it was written', () => {
    const there = { year: 2026, month: 7, day: 1, minute: 725 };
    expect(localTimeOf(instantOf(there, 'Asia/Kolkata'), 'Asia/Kolkata')).toEqual(there);
    expect(localTimeOf(instantOf(there, 'Pacific/Auckland'), 'Pacific/Auckland')).toEqual(there);
  });
});
