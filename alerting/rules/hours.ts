/**
 * When a rule is in effect: stretches of the day on some weekdays, in a time zone. A stretch whose
 * end is not after its begin goes on over midnight and belongs to the day on which it began.
 */

export const weekdays = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;

export type Stretch = {
  /** By weekday, Monday first. */
  readonly days: readonly boolean[];
  /** Minutes of the day: from, inclusive; to, exclusive, 1440 at most. */
  readonly from: number;
  readonly to: number;
};

export type Hours = { readonly timeZone: string; readonly stretches: readonly Stretch[]; readonly text: string };

const MINUTES_A_DAY = 1440;

/** True when a minute of a weekday (Monday is 0) lies in one of the stretches. */
export function isWithin(stretches: readonly Stretch[], weekday: number, minute: number): boolean {
  const before = (weekday + 6) % 7;
  return stretches.some(({ days, from, to }) => {
    if (from < to) return days[weekday] === true && minute >= from && minute < to;
    return (days[weekday] === true && minute >= from) || (days[before] === true && minute < to);
  });
}

/** Whether the hours hold at a time. Costs some microseconds: ask once a minute. */
export function isInEffect(hours: Hours, nowMs: number): boolean {
  const parts = formatterOf(hours.timeZone).formatToParts(nowMs);
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.find((one) => one.type === type)?.value ?? '';
  const weekday = dayIndex(part('weekday'));
  return isWithin(hours.stretches, weekday, Number(part('hour')) * 60 + Number(part('minute')));
}

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  formatters.set(timeZone, made);
  return made;
}

export function isTimeZone(name: string): boolean {
  try {
    formatterOf(name);
    return true;
  } catch {
    return false;
  }
}

const shape =
  /^(?:([A-Za-z]{3}(?:-[A-Za-z]{3})?(?:,[A-Za-z]{3}(?:-[A-Za-z]{3})?)*)\s+)?(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})$/;

/** The stretch of a text such as `Mon-Fri 09:00-18:00` or `22:00-06:00`, or what is wrong with it. */
export function readStretch(text: string): { readonly stretch: Stretch } | { readonly fault: string } {
  const found = shape.exec(text.trim());
  if (found === null)
    return { fault: `"${text}" is not a stretch of time; write "Mon-Fri 09:00-18:00" or "22:00-06:00"` };
  const [, dayText, ...numbers] = found;
  const [fromHour = 0, fromMinute = 0, toHour = 0, toMinute = 0] = numbers.map(Number);
  const from = fromHour * 60 + fromMinute;
  const to = toHour * 60 + toMinute;
  if (fromMinute > 59 || toMinute > 59 || from >= MINUTES_A_DAY || to > MINUTES_A_DAY) {
    return { fault: `"${text}" has a time that no day has; write hours from 00:00 to 24:00` };
  }
  const days = readDays(dayText);
  if (typeof days === 'string') return { fault: `"${days}" is no weekday; write ${weekdays.join(', ')}` };
  return { stretch: { days, from, to } };
}

function readDays(text: string | undefined): readonly boolean[] | string {
  const days = weekdays.map(() => text === undefined);
  for (const part of text?.split(',') ?? []) {
    const [first = '', last = first] = part.split('-');
    const [from, to] = [dayIndex(first), dayIndex(last)];
    if (from < 0) return first;
    if (to < 0) return last;
    // `Sat-Mon` goes over the end of the week.
    for (let day = from; ; day = (day + 1) % 7) {
      days[day] = true;
      if (day === to) break;
    }
  }
  return days;
}

const dayIndex = (name: string): number => weekdays.findIndex((day) => day.toLowerCase() === name.toLowerCase());
