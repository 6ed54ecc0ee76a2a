import { Cron } from 'croner';
import { durationMs } from '../text/units.ts';
import type { Freeze, SchedulePolicy } from './policy.ts';
import type { PolicyEntry } from './schema.ts';
import type { Tell } from './tell.ts';

export function readSchedule(entry: PolicyEntry & { readonly name: string }, tell: Tell): SchedulePolicy {
  const { name, zone = 'UTC', rows = [], events = [] } = entry;
  if (rows.length + events.length === 0)
    tell([], 'has neither "rows" nor "events"', '"rows: [{ cron: "0 7 * * *", min: 4 }]"');
  const isZone = zoneIsKnown(zone);
  if (!isZone) tell(['zone'], 'is not a time zone', 'an IANA name, such as "zone: Asia/Shanghai"');
  for (const [index, row] of rows.entries()) {
    const wrong = isZone ? cronFault(row.cron, zone) : null;
    if (wrong !== null) tell(['rows', index, 'cron'], wrong, 'five fields, such as cron: "0 7 * * 1-5"');
    boundsFault(row, (path, ...rest) => tell(['rows', index, ...path], ...rest));
  }
  for (const [index, event] of events.entries()) {
    const below: Tell = (path, ...rest) => tell(['events', index, ...path], ...rest);
    if (!(Date.parse(event.from) < Date.parse(event.until))) below(['until'], 'is not after from', 'a later time');
    boundsFault(event, below);
  }
  const bounds = ({ min, max }: { readonly min?: number; readonly max?: number }) => ({
    floor: min ?? null,
    ceiling: max ?? null,
  });
  return {
    kind: 'schedule',
    name,
    zone,
    rows: rows.map((row) => ({ cron: row.cron, ...bounds(row) })),
    events: events.map((event) => ({
      fromMs: Date.parse(event.from),
      untilMs: Date.parse(event.until),
      ...bounds(event),
    })),
  };
}

function boundsFault({ min, max }: { readonly min?: number; readonly max?: number }, tell: Tell): void {
  if (min !== undefined && max !== undefined && max < min)
    tell(['max'], `is below min, which is ${min}`, `"max: ${min}" or more`);
}

type FreezeEntry = {
  readonly cron?: string;
  readonly for?: string | 0;
  readonly zone?: string;
  readonly from?: string;
  readonly until?: string;
};

export function readFreeze(entry: FreezeEntry, tell: Tell): Freeze {
  const { cron, zone = 'UTC', from, until } = entry;
  if ((cron === undefined) === (from === undefined)) {
    tell([], 'is neither a repeated window nor a single one', '"cron", "for" and "zone", or "from" and "until"');
  }
  if (cron !== undefined) {
    const wrong = zoneIsKnown(zone) ? cronFault(cron, zone) : null;
    if (!zoneIsKnown(zone)) tell(['zone'], 'is not a time zone', 'an IANA name, such as "zone: Asia/Shanghai"');
    if (wrong !== null) tell(['cron'], wrong, 'five fields, such as cron: "0 7 * * 1-5"');
    if (entry.for === undefined) tell(['for'], 'is missing', 'how long it lasts, such as "for: 2h"');
    return { kind: 'cron', cron, zone, forMs: durationMs(entry.for ?? 0) };
  }
  const [fromMs, untilMs] = [Date.parse(from ?? ''), Date.parse(until ?? '')];
  if (from !== undefined && !(fromMs < untilMs)) tell(['until'], 'is not after from', 'a later time');
  return { kind: 'once', fromMs, untilMs };
}

function cronFault(cron: string, zone: string): string | null {
  if (cron.trim().split(/\s+/).length !== 5) return 'is not a cron time of five fields';
  try {
    // A row that never comes, such as February 30, would be forgotten without a word.
    return new Cron(cron, { timezone: zone }).nextRuns(1, new Date(0)).length === 0 ? 'never comes' : null;
  } catch {
    return 'is not a cron time';
  }
}

function zoneIsKnown(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
