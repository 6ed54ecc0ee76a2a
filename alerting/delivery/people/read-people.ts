/** Reads `users:`, `rotations:` and `teams:` of a rules file, and notes what does not fit together. */

import { nearestName, type Written } from '../../../core/index.ts';
import { readDuration } from '../../rules/read/duration.ts';
import type { Fields } from '../../rules/read/fields.ts';
import { readTimeZone } from '../channels/falcon/falcon.ts';
import type { Channel, Recipient } from '../channels/index.ts';
import { instantOf } from './on-call.ts';
import type { EscalationStep, LocalTime, Override, People, Rotation, Team } from './people.ts';

export const peopleKeys = ['users', 'rotations', 'teams'] as const;

const USERS_MAX = 1000;
const ROTATIONS_MAX = 200;
const TEAMS_MAX = 200;
const TURNS_MAX = 100;
const OVERRIDES_MAX = 100;
const STEPS_MAX = 10;
const LIST_MAX = 20;

/** Every list of the file, one map an entry. */
export type EntriesOf = (key: string, what: string, max: number) => readonly Fields[];

export function readPeople(
  entriesOf: EntriesOf,
  channels: readonly Channel[],
  channelNames: readonly string[],
): People {
  const users = named(entriesOf('users', 'a user', USERS_MAX), readUser);
  const userNames = [...users.keys()];
  const rotations = named(entriesOf('rotations', 'a rotation', ROTATIONS_MAX), (fields) =>
    readRotation(fields, userNames),
  );
  const known = { users: userNames, rotations: [...rotations.keys()], channelNames, channels };
  const teams = named(entriesOf('teams', 'a team', TEAMS_MAX), (fields) => readTeam(fields, known));
  return { users, rotations, teams };
}

function named<Thing extends { readonly name: string }>(
  list: readonly Fields[],
  read: (fields: Fields) => Thing | undefined,
): ReadonlyMap<string, Thing> {
  const found = new Map<string, Thing>();
  for (const fields of list) {
    const thing = read(fields);
    if (thing === undefined) continue;
    if (found.has(thing.name)) {
      fields.fault('name', `the name "${thing.name}" is taken; give each entry a name of its own`);
    }
    found.set(thing.name, thing);
  }
  return found;
}

function readName(fields: Fields): string | undefined {
  const written = fields.written('name', { required: true, max: 64 });
  if (written === undefined || /^[A-Za-z0-9_.:-]+$/.test(written.text)) return written?.text;
  fields.faultAt(written.offset, `the name "${written.text}" may hold letters, digits and _ . : - only`);
  return undefined;
}

function readUser(fields: Fields): Recipient | undefined {
  fields.rejectUnknown(['name', 'phone', 'email', 'im']);
  const name = readName(fields);
  const phone = matching(
    fields,
    'phone',
    /^\+?[0-9]{5,20}$/,
    'write digits, with + and the country first: "+8613800000001"',
  );
  const email = matching(fields, 'email', /^[^\s@<>,;"]+@[^\s@<>,;"]+$/, 'write name@example.org');
  const im = matching(fields, 'im', /^[A-Za-z0-9_@.:-]{1,128}$/, 'write the id that the messenger has for the person');
  if (name === undefined) return undefined;
  return { name, ...(phone && { phone }), ...(email && { email }), ...(im && { im }) };
}

function matching(fields: Fields, key: string, pattern: RegExp, advice: string): string | undefined {
  const written = fields.written(key);
  if (written === undefined || pattern.test(written.text)) return written?.text;
  fields.faultAt(written.offset, `"${key}" is "${written.text}"; ${advice}`);
  return undefined;
}

function readRotation(fields: Fields, userNames: readonly string[]): Rotation | undefined {
  fields.rejectUnknown(['name', 'users', 'start', 'time_zone', 'turn', 'overrides']);
  const name = readName(fields);
  const users = knownNames(fields, { key: 'users', max: TURNS_MAX, known: userNames, what: 'user' });
  if (users.length === 0) fields.fault('users', 'a rotation needs users; write users: [ann, bob]');
  const timeZone = readTimeZone(fields);
  const start = readLocalTime(fields, 'start');
  const turn = readTurn(fields);
  const overrides = fields.list('overrides', 'an override', OVERRIDES_MAX).flatMap((entry) => {
    return readOverride(entry, userNames, timeZone) ?? [];
  });
  if (name === undefined || start === undefined || turn === undefined) return undefined;
  return { name, users, start, timeZone, turn, overrides };
}

function readOverride(fields: Fields, userNames: readonly string[], timeZone: string): Override | undefined {
  fields.rejectUnknown(['user', 'from', 'to']);
  const [user] = knownNames(fields, { key: 'user', max: 1, known: userNames, what: 'user' });
  const [from, to] = [readLocalTime(fields, 'from'), readLocalTime(fields, 'to')];
  if (user === undefined || from === undefined || to === undefined) return undefined;
  const [fromMs, toMs] = [instantOf(from, timeZone), instantOf(to, timeZone)];
  if (toMs <= fromMs) fields.fault('to', '"to" is not after "from"');
  return { user, fromMs, toMs };
}

/** `2026-01-05T09:00`, on the rotation's own wall clock. */
function readLocalTime(fields: Fields, key: string): LocalTime | undefined {
  const written = fields.written(key, { required: true });
  if (written === undefined) return undefined;
  const [, ...parts] = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)$/.exec(written.text) ?? [];
  const [year = 0, month = 0, day = 0, hour = 99, minute = 99] = parts.map(Number);
  const isDate = new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day && month >= 1 && month <= 12;
  if (isDate && hour < 24 && minute < 60) return { year, month, day, minute: hour * 60 + minute };
  fields.faultAt(written.offset, `"${key}" is "${written.text}"; write 2026-01-05T09:00, a time in its time_zone`);
  return undefined;
}

function readTurn(fields: Fields): Rotation['turn'] | undefined {
  const written = fields.written('turn', { required: true });
  if (written === undefined) return undefined;
  const [, amount = '', unit = ''] = /^([1-9]\d{0,2})(h|d|w)$/.exec(written.text) ?? [];
  if (unit === 'h') return { unit: 'hour', count: Number(amount) };
  if (unit !== '') return { unit: 'day', count: Number(amount) * (unit === 'w' ? 7 : 1) };
  fields.faultAt(written.offset, `"turn" is "${written.text}"; write 1w, 1d or 12h`);
  return undefined;
}

type Known = {
  readonly users: readonly string[];
  readonly rotations: readonly string[];
  readonly channelNames: readonly string[];
  readonly channels: readonly Channel[];
};

function readTeam(fields: Fields, known: Known): Team | undefined {
  fields.rejectUnknown(['name', 'channels', 'escalation']);
  const written = fields.written('name');
  const name = readName(fields);
  if (name !== undefined && known.channelNames.includes(name)) {
    fields.faultAt(
      written?.offset ?? fields.offset,
      `a channel is called "${name}" already; rules name both in notify`,
    );
  }
  const channels = knownNames(fields, { key: 'channels', max: LIST_MAX, known: known.channelNames, what: 'channel' });
  for (const channel of channels) rejectUnaddressed(fields, channel, known);
  const escalation = fields.list('escalation', 'a step', STEPS_MAX).flatMap((entry) => readStep(entry, known) ?? []);
  if (channels.length === 0 && escalation.length === 0) {
    fields.fault('name', 'nobody hears of what this team is told; add channels: or escalation:');
  }
  const sorted = [...escalation].sort((a, b) => a.afterMs - b.afterMs);
  return name === undefined ? undefined : { name, channels, escalation: sorted };
}

/** A team's channel speaks to a room; one that needs people has its place in a step. */
function rejectUnaddressed(fields: Fields, channel: string, { channels }: Known): void {
  if (channels.find(({ name }) => name === channel)?.transport.needsRecipients !== true) return;
  fields.fault('channels', `channel "${channel}" reaches people only; name it in a step of escalation:, with users`);
}

function readStep(fields: Fields, known: Known): EscalationStep | undefined {
  fields.rejectUnknown(['after', 'users', 'rotations', 'channels']);
  const after = readDuration(fields, 'after') ?? 0;
  const users = knownNames(fields, { key: 'users', max: LIST_MAX, known: known.users, what: 'user' });
  const rotations = knownNames(fields, { key: 'rotations', max: LIST_MAX, known: known.rotations, what: 'rotation' });
  const channels = knownNames(fields, { key: 'channels', max: LIST_MAX, known: known.channelNames, what: 'channel' });
  if (channels.length === 0) fields.fault('channels', 'a step needs channels; write channels: [sms]');
  if (users.length + rotations.length === 0) for (const name of channels) rejectUnaddressed(fields, name, known);
  return { afterMs: after * 1000, users, rotations, channels };
}

type NameList = {
  readonly key: string;
  readonly max: number;
  readonly known: readonly string[];
  readonly what: string;
};

function knownNames(fields: Fields, { key, max, known, what }: NameList): readonly string[] {
  const names = fields.texts(key, max).filter((written) => isKnown(fields, written, { known, what }));
  return [...new Set(names.map(({ text }) => text))];
}

function isKnown(
  fields: Fields,
  { text, offset }: Written,
  { known, what }: Pick<NameList, 'known' | 'what'>,
): boolean {
  if (known.includes(text)) return true;
  const near = nearestName(text, known);
  const has = known.length === 0 ? `the file has no ${what}s` : `the file has ${known.slice(0, 10).join(', ')}`;
  fields.faultAt(offset, `unknown ${what} "${text}"; ${near === undefined ? has : `did you mean "${near}"?`}`);
  return false;
}
