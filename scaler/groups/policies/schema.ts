import { type Static, Type } from 'typebox';
import { durationPattern } from '../text/units.ts';

/**
 * The fields of a policy, all of them in one set: which go with which `kind`, and which must, is
 * told by `policyFields`, so that a person reads of one fault and not of seven kinds that do not fit.
 */
const closed = { additionalProperties: false } as const;

export const POLICIES_MAX = 16;
const ROWS_MAX = 100;

export const policyKinds = [
  'threshold',
  'bands',
  'target',
  'work',
  'occupancy',
  'schedule',
  'forecast',
  'alert',
  'webhook',
] as const;
export type PolicyKind = (typeof policyKinds)[number];

/** YAML reads a bare 0 as a number; every other time needs a unit. */
export const duration = (write: string) =>
  Type.Union([Type.String({ pattern: durationPattern }), Type.Literal(0)], { write });

export const count = (minimum: number, maximum: number, write: string) => Type.Integer({ minimum, maximum, write });

export const percentPattern = '^[0-9]{1,4}(\\.[0-9]{1,3})?%$';
const percent = (write: string) => Type.String({ pattern: percentPattern, write });

const number = (write: string) => Type.Number({ minimum: -1e15, maximum: 1e15, write });
const positive = (write: string) => Type.Number({ exclusiveMinimum: 0, maximum: 1e15, write });

const INSTANCES = 1000;
const amount = Type.Union(
  [
    Type.Integer({ minimum: -INSTANCES, maximum: INSTANCES }),
    Type.String({ pattern: '^(-?[0-9]{1,4}%|=[0-9]{1,4})$' }),
  ],
  { write: 'a number of instances, a percentage or a count to go to, such as "by: 2", "by: 20%" or "by: =5"' },
);

const consecutive = Type.Optional(count(1, 3600, 'a whole number of seconds in a row, such as "consecutive: 3"'));
const when = Type.Optional(
  Type.String({ maxLength: 1000, write: 'a condition of the rule language, such as when: "all(#3) > 80"' }),
);

const add = Type.Object(
  { above: Type.Optional(number('a number, such as "above: 80"')), consecutive, when, by: Type.Optional(amount) },
  { ...closed, write: 'when to add, such as "add: { above: 80, consecutive: 3 }"' },
);
const remove = Type.Object(
  { below: Type.Optional(number('a number, such as "below: 60"')), consecutive, when, by: Type.Optional(amount) },
  { ...closed, write: 'when to remove, such as "remove: { below: 60, consecutive: 3 }"' },
);

const metric = Type.String({
  minLength: 1,
  maxLength: 128,
  write: 'a metric of containers, such as "metric: cpu.busy"',
});
const instances = Type.Optional(count(0, INSTANCES, 'a whole number of instances, such as "min: 4"'));
const cron = Type.String({
  minLength: 9,
  maxLength: 120,
  write: 'a cron time of five fields, such as cron: "0 7 * * 1-5"',
});
const moment = Type.String({
  pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2})$',
  write: 'a time with its zone, such as 2026-11-11T00:00:00+08:00',
});
const zone = Type.String({ maxLength: 64, write: 'a time zone, such as "zone: Asia/Shanghai"' });

/** The short form, `policy:`, with `step` of the group for both directions. */
export const shortPolicySchema = Type.Object(
  { metric, add, remove },
  { ...closed, write: 'a metric with "add" and "remove" below it' },
);

const bandsSchema = Type.Array(
  Type.Object(
    {
      from: Type.Optional(number('a number, such as "from: 70"')),
      to: Type.Optional(number('a number, such as "to: 90"')),
      by: amount,
    },
    { ...closed, write: 'a band, such as "{ from: 70, to: 90, by: 10% }"' },
  ),
  { minItems: 1, maxItems: 32, write: 'bands, such as "bands: [{ from: 70, by: 10% }, { to: 30, by: -10% }]"' },
);
const rowsSchema = Type.Array(
  Type.Object(
    { cron, min: instances, max: instances },
    { ...closed, write: 'a row, such as { cron: "0 7 * * *", min: 4 }' },
  ),
  { maxItems: ROWS_MAX, write: 'rows, such as rows: [{ cron: "0 7 * * *", min: 4 }]' },
);
const eventsSchema = Type.Array(
  Type.Object(
    { from: moment, until: moment, min: instances, max: instances },
    { ...closed, write: 'an event with "from", "until", "min" and "max"' },
  ),
  { maxItems: ROWS_MAX, write: 'one-off events, each with "from", "until", "min" and "max"' },
);

export const policySchema = Type.Object(
  {
    kind: Type.Enum([...policyKinds], { write: `one of: ${policyKinds.join(', ')}` }),
    name: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$',
        write: 'a name of letters, digits, "_", "." and "-", such as "name: evening"',
      }),
    ),
    metric: Type.Optional(metric),
    add: Type.Optional(add),
    remove: Type.Optional(remove),
    consecutive,
    bands: Type.Optional(bandsSchema),
    target: Type.Optional(positive('what an instance should have, such as "target: 65"')),
    each: Type.Optional(positive('the work of one instance, such as "each: 200"')),
    busy: Type.Optional(percent('the share of its time that an instance should be busy, such as "busy: 60%"')),
    tolerance: Type.Optional(
      Type.Object(
        {
          up: Type.Optional(percent('a share, such as "up: 15%"')),
          down: Type.Optional(percent('a share, such as "down: 10%"')),
        },
        { ...closed, write: 'shares, such as "tolerance: { up: 15%, down: 10% }"' },
      ),
    ),
    over: Type.Optional(duration('a time with its unit, such as "over: 15s"')),
    panic: Type.Optional(
      Type.Object(
        {
          short: Type.Optional(duration('a time with its unit, such as "short: 6s"')),
          long: Type.Optional(duration('a time with its unit, such as "long: 60s"')),
          factor: Type.Optional(Type.Number({ minimum: 1.1, maximum: 100, write: 'a number, such as "factor: 2"' })),
        },
        { ...closed, write: 'panic mode, such as "panic: { short: 6s, long: 60s, factor: 2 }", or "panic: {}"' },
      ),
    ),
    zone: Type.Optional(zone),
    rows: Type.Optional(rowsSchema),
    events: Type.Optional(eventsSchema),
    lead: Type.Optional(duration('a time with its unit, such as "lead: 2m"; left out, the start-up time as measured')),
    deviations: Type.Optional(
      Type.Number({ minimum: 0, maximum: 6, write: 'a number of standard deviations, such as "deviations: 2"' }),
    ),
    rule: Type.Optional(
      Type.String({ minLength: 1, maxLength: 128, write: 'the name of an alert rule, such as "rule: latency"' }),
    ),
    by: Type.Optional(amount),
    every: Type.Optional(duration('a time with its unit, such as "every: 1m"')),
    hold: Type.Optional(duration('the longest time that a call may hold, such as "hold: 1h"')),
  },
  { ...closed, write: 'a policy, such as "{ kind: target, metric: cpu.busy, target: 65 }"' },
);

const limit = Type.Array(Type.String({ pattern: '^[0-9]{1,4}%?/[0-9]{1,6}(ms|s|m|h)$' }), {
  maxItems: 8,
  write: 'amounts in a time, such as add: [100%/15s, 4/15s]',
});

const freeze = Type.Object(
  {
    cron: Type.Optional(cron),
    for: Type.Optional(duration('a time with its unit, such as "for: 2h"')),
    zone: Type.Optional(zone),
    from: Type.Optional(moment),
    until: Type.Optional(moment),
  },
  { ...closed, write: 'a window: "cron", "for" and "zone", or "from" and "until"' },
);

/** Guards of a group, beside `cooldown`, `warm_up` and the bounds. */
export const guardFields = {
  stabilise: Type.Optional(
    Type.Object(
      {
        up: Type.Optional(duration('a time with its unit, such as "up: 0s"')),
        down: Type.Optional(duration('a time with its unit, such as "down: 10m"')),
      },
      { ...closed, write: 'times, such as "stabilise: { up: 0s, down: 10m }"' },
    ),
  ),
  limits: Type.Optional(
    Type.Object(
      { add: Type.Optional(limit), remove: Type.Optional(limit) },
      { ...closed, write: 'limits, such as "limits: { remove: [10%/10m] }"' },
    ),
  ),
  flaps: Type.Optional(
    Type.String({ pattern: '^[1-9][0-9]{0,3}/[0-9]{1,6}(ms|s|m|h)$', write: 'turns in a time, such as "flaps: 6/1h"' }),
  ),
  quorum: Type.Optional(percent('a share of the instances, such as "quorum: 50%"')),
  freeze: Type.Optional(Type.Array(freeze, { maxItems: 50, write: 'windows in which nothing changes' })),
  paused: Type.Optional(
    Type.Union([Type.Boolean(), Type.Literal('add'), Type.Literal('remove')], {
      write: '"paused: true", "paused: add" or "paused: remove"',
    }),
  ),
  mode: Type.Optional(
    Type.Enum(['observe', 'advise', 'act'], { write: '"mode: observe", "mode: advise" or "mode: act"' }),
  ),
};

export type PolicyEntry = Static<typeof policySchema>;
export type ShortPolicyEntry = Static<typeof shortPolicySchema>;
export type TriggerEntry = Static<typeof add> & Static<typeof remove>;
export type AmountEntry = Static<typeof amount>;

type Fields = { readonly must: readonly (keyof PolicyEntry)[]; readonly may: readonly (keyof PolicyEntry)[] };

/** Which fields a kind needs and which it may have, beside `kind` and `name`. */
export const policyFields: Readonly<Record<PolicyKind, Fields>> = {
  threshold: { must: ['metric'], may: ['add', 'remove'] },
  bands: { must: ['metric', 'bands'], may: ['consecutive'] },
  target: { must: ['metric', 'target'], may: ['tolerance', 'over', 'panic'] },
  work: { must: ['metric', 'each'], may: ['tolerance', 'over', 'panic'] },
  occupancy: { must: ['metric', 'busy'], may: ['tolerance', 'over', 'panic'] },
  schedule: { must: [], may: ['zone', 'rows', 'events'] },
  forecast: { must: ['metric', 'each'], may: ['lead', 'deviations'] },
  alert: { must: ['rule'], may: ['by', 'every'] },
  webhook: { must: ['name'], may: ['hold'] },
};
