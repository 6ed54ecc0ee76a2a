import { describe, expect, test } from 'vitest';
import { formatAge, formatAxisTime, formatDuration, formatStopwatch, formatTime } from './moment.ts';

const words = {
  day: ' d',
  hour: ' h',
  minute: ' m',
  second: ' s',
  justNow: 'just now',
  ago: (duration: string) => `${duration} ago`,
};

describe('durations and moments', () => {
  test.each([
    [-500, '0 s'],
    [12_900, '12 s'],
    [59_999, '59 s'],
    [60_000, '1 m'],
    [192_000, '3 m 12 s'],
    [3_600_000, '1 h'],
    [7_500_000, '2 h 5 m'],
    [86_400_000 * 3 + 3_600_000 * 4, '3 d 4 h'],
  ])('%s ms last %s', (ms, text) => {
    expect(formatDuration(ms, words)).toBe(text);
  });

  test('ages are relative, and nearly nothing is now', () => {
    expect(formatAge(1999, words)).toBe('just now');
    expect(formatAge(192_000, words)).toBe('3 m 12 s ago');
  });

  test('a pause is counted up', () => {
    expect([0, 42_000, 3_723_000].map(formatStopwatch)).toEqual(['00:00', '00:42', '1:02:03']);
  });

  test('a time of another day carries its date', () => {
    const at = new Date(2026, 2, 4, 15, 6, 7).getTime();
    expect(formatTime(at, at + 60_000, 'en')).toBe('15:06:07');
    expect(formatTime(at, at + 86_400_000, 'en')).toBe('Mar 4, 15:06:07');
    expect(formatTime(at, at + 86_400_000, 'zh-CN')).toBe('3月4日 15:06:07');
  });

  test('axis labels say as much as the window needs', () => {
    const at = new Date(2026, 2, 4, 15, 6, 7).getTime();
    expect([300, 3600, 86_400 * 7].map((seconds) => formatAxisTime(at, seconds, 'en'))).toEqual([
      '15:06:07',
      '15:06',
      'Mar 4',
    ]);
  });
});
