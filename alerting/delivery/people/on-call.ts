/**
 * Whose turn it is. A turn of days ends at the same time on the wall clock whatever the clocks do in between, so it
 * is counted in calendar days; a turn of hours is counted in hours that really pass.
 */
import type { LocalTime, People, Rotation } from './people.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export type OnCall = {
  readonly user: string;
  /** Until when, unless somebody changes the rotation. */
  readonly untilMs: number;
  readonly reason: string;
};

/** Null before the rotation's start and for one without users. */
export function onCall(rotation: Rotation, nowMs: number): OnCall | null {
  const override = rotation.overrides.findLast(({ fromMs, toMs }) => fromMs <= nowMs && nowMs < toMs);
  if (override !== undefined) {
    return { user: override.user, untilMs: override.toMs, reason: `stands in on ${rotation.name}` };
  }
  const { turn, users, start, timeZone } = rotation;
  const index = turn.unit === 'day' ? dayTurn(rotation, nowMs) : hourTurn(rotation, nowMs);
  const user = users[index % users.length];
  if (index < 0 || user === undefined) return null;
  const untilMs =
    turn.unit === 'day'
      ? instantOf({ ...start, ...plusDays(start, (index + 1) * turn.count) }, timeZone)
      : instantOf(start, timeZone) + (index + 1) * turn.count * HOUR_MS;
  const nextOverride = rotation.overrides.filter(({ fromMs }) => fromMs > nowMs).map(({ fromMs }) => fromMs);
  return { user, untilMs: Math.min(untilMs, ...nextOverride), reason: `turn ${index + 1} of ${rotation.name}` };
}

/** The people of one step of a team, each once; on-call duty is looked up as it is at `nowMs`. */
export function peopleOf(people: People, audience: string, nowMs: number): readonly string[] {
  const [team = '', stepText = ''] = audience.split('/');
  const step = people.teams.get(team)?.escalation[Number(stepText)];
  if (step === undefined) return [];
  const onDuty = step.rotations.flatMap((name) => {
    const rotation = people.rotations.get(name);
    return rotation === undefined ? [] : (onCall(rotation, nowMs)?.user ?? []);
  });
  return [...new Set([...step.users, ...onDuty])];
}

function hourTurn({ start, timeZone, turn }: Rotation, nowMs: number): number {
  return Math.floor((nowMs - instantOf(start, timeZone)) / (turn.count * HOUR_MS));
}

function dayTurn({ start, timeZone, turn }: Rotation, nowMs: number): number {
  const local = localTimeOf(nowMs, timeZone);
  // Before the hour of the handover the day still belongs to the turn of the day before.
  const days = dayNumber(local) - dayNumber(start) - (local.minute < start.minute ? 1 : 0);
  return Math.floor(days / turn.count);
}

const dayNumber = ({ year, month, day }: LocalTime): number => Date.UTC(year, month - 1, day) / DAY_MS;

function plusDays(from: LocalTime, days: number): Pick<LocalTime, 'year' | 'month' | 'day'> {
  const date = new Date(Date.UTC(from.year, from.month - 1, from.day + days));
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** What the clock on a wall there shows. */
export function localTimeOf(atMs: number, timeZone: string): LocalTime {
  const format =
    formats.get(timeZone) ??
    new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    });
  formats.set(timeZone, format);
  const parts = new Map(format.formatToParts(atMs).map(({ type, value }) => [type, Number(value)]));
  const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
  return { year: part('year'), month: part('month'), day: part('day'), minute: part('hour') * 60 + part('minute') };
}

/**
 * When a wall clock shows a time. A time that the clocks skip is read as the moment after the gap that is as far
 * from it as was written; of one that comes twice the first is meant.
 */
export function instantOf(local: LocalTime, timeZone: string): number {
  const asUtc = Date.UTC(local.year, local.month - 1, local.day, 0, local.minute);
  const offsets = [asUtc - DAY_MS, asUtc + DAY_MS].map((atMs) => offsetAt(atMs, timeZone));
  const candidates = offsets.map((offset) => asUtc - offset).sort((a, b) => a - b);
  const exact = candidates.find((atMs) => offsetAt(atMs, timeZone) === asUtc - atMs);
  return exact ?? Math.max(...candidates);
}

/** How far a place's clocks are ahead of UTC, in milliseconds. */
function offsetAt(atMs: number, timeZone: string): number {
  const local = localTimeOf(atMs, timeZone);
  return Date.UTC(local.year, local.month - 1, local.day, 0, local.minute) - Math.floor(atMs / 60_000) * 60_000;
}
