import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { bytesPattern, durationPattern } from './units.ts';

/**
 * The groups file. Every field carries `write`: what a person should put there, which the error
 * message of a refused file ends with.
 */
export const GROUPS_MAX = 5000;
export const INSTANCES_MAX = 1000;

const closed = { additionalProperties: false } as const;

/** YAML makes a number of `8080` and a boolean of `true`; where text is meant, the text as written counts. */
const scalar = Type.Union([Type.String({ maxLength: 32_768 }), Type.Number(), Type.Boolean()]);

/** YAML reads a bare 0 as a number; every other time needs a unit. */
const duration = (write: string) => Type.Union([Type.String({ pattern: durationPattern }), Type.Literal(0)], { write });

const labels = (write: string, minProperties: number) =>
  Type.Record(Type.String({ pattern: '^[^\\s=]{1,255}$' }), scalar, {
    ...closed,
    minProperties,
    maxProperties: 64,
    write,
  });

const count = (minimum: number, maximum: number, write: string) => Type.Integer({ minimum, maximum, write });

const consecutive = Type.Optional(count(1, 3600, 'a whole number of seconds in a row, such as "consecutive: 3"'));
const threshold = (field: string, example: number) =>
  Type.Number({ minimum: -1e15, maximum: 1e15, write: `a number, such as "${field}: ${example}"` });

const policy = Type.Object(
  {
    metric: Type.String({ minLength: 1, maxLength: 128, write: 'a metric of containers, such as "metric: cpu.busy"' }),
    add: Type.Object(
      { above: threshold('above', 80), consecutive },
      { ...closed, write: 'when to add, such as "add: { above: 80, consecutive: 3 }"' },
    ),
    remove: Type.Object(
      { below: threshold('below', 60), consecutive },
      { ...closed, write: 'when to remove, such as "remove: { below: 60, consecutive: 3 }"' },
    ),
  },
  { ...closed, write: 'a metric with "add" and "remove" below it' },
);

const resources = Type.Object(
  {
    cpus: Type.Optional(Type.Number({ minimum: 0.01, maximum: 1024, write: 'a number of cores, such as "cpus: 0.5"' })),
    memory: Type.Optional(
      Type.String({ pattern: bytesPattern, write: 'a size with its unit, such as "memory: 64MiB"' }),
    ),
    pids: Type.Optional(count(1, 4_194_304, 'a number of processes and threads, such as "pids: 100"')),
  },
  { ...closed, write: 'limits, such as "resources: { cpus: 0.5, memory: 64MiB, pids: 100 }"' },
);

const cooldown = Type.Object(
  {
    add: Type.Optional(duration('a time with its unit, such as "add: 0s"')),
    remove: Type.Optional(duration('a time with its unit, such as "remove: 5m"')),
  },
  { ...closed, write: 'times, such as "cooldown: { add: 0s, remove: 5m }"' },
);

const group = Type.Object(
  {
    name: Type.String({
      pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$',
      write: 'a name of letters, digits, "_", "." and "-", at most 63 characters, such as "name: web"',
    }),
    match: labels('the labels that select the instances, such as "match: { saker.service: web }"', 1),
    image: Type.String({
      pattern: '^[A-Za-z0-9][A-Za-z0-9_.:/@-]{0,511}$',
      write: 'an image that the host has, such as "image: shop/web:1"',
    }),
    command: Type.Optional(
      Type.Array(scalar, { maxItems: 256, write: 'a list of words, such as "command: [httpd, -f]"' }),
    ),
    env: Type.Optional(
      Type.Record(Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_.-]{0,255}$' }), scalar, {
        ...closed,
        maxProperties: 256,
        write: 'variables with their values, such as "env: { MODE: prod }"',
      }),
    ),
    labels: Type.Optional(labels('labels with their values, such as "labels: { team: shop }"', 0)),
    resources: Type.Optional(resources),
    min: Type.Optional(count(0, INSTANCES_MAX, 'a whole number of instances, such as "min: 1"')),
    max: count(0, INSTANCES_MAX, 'a whole number of instances, such as "max: 5"'),
    step: Type.Optional(count(1, INSTANCES_MAX, 'a whole number of instances, such as "step: 1"')),
    cooldown: Type.Optional(cooldown),
    warm_up: Type.Optional(duration('a time with its unit, such as "warm_up: 5s"')),
    adopt: Type.Optional(Type.Boolean({ write: '"adopt: true" or "adopt: false"' })),
    policy,
  },
  { ...closed, write: 'a group with "name", "match", "image", "max" and "policy"' },
);

export const groupsFileSchema = Type.Object(
  { groups: Type.Array(group, { maxItems: GROUPS_MAX, write: 'a list of groups, each beginning with "- name:"' }) },
  { ...closed, write: '"groups:" with a list of groups below it' },
);

export type GroupEntry = Static<typeof group>;
export type GroupsFile = Static<typeof groupsFileSchema>;

export const groupsFileValidator = Compile(groupsFileSchema);
