import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { count, duration, guardFields, POLICIES_MAX, policySchema, shortPolicySchema } from './policies/schema.ts';
import { resourcesSchema, volumesSchema } from './templates/schema.ts';

/**
 * The groups file. Every field carries `write`: what a person should put there, which the error
 * message of a refused file ends with.
 */
export const GROUPS_MAX = 5000;
export const INSTANCES_MAX = 1000;

const closed = { additionalProperties: false } as const;

/** YAML makes a number of `8080` and a boolean of `true`; where text is meant, the text as written counts. */
const scalar = Type.Union([Type.String({ maxLength: 32_768 }), Type.Number(), Type.Boolean()]);

const labels = (write: string, minProperties: number) =>
  Type.Record(Type.String({ pattern: '^[^\\s=]{1,255}$' }), scalar, {
    ...closed,
    minProperties,
    maxProperties: 64,
    write,
  });

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
    match: Type.Optional(labels('the labels that select the instances, such as "match: { saker.service: web }"', 1)),
    node: Type.Optional(
      Type.String({
        pattern: '^[a-z]+=[^\\s=,/]{1,128}([,/][a-z]+=[^\\s=,/]{1,128}){0,5}$',
        write: 'a node of the service tree, such as "node: cop=shop,service=web"',
      }),
    ),
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
    template: Type.Optional(Type.String({ maxLength: 63, write: 'a resource template, such as "template: small"' })),
    load_type: Type.Optional(
      Type.String({ maxLength: 63, write: 'one of the file’s load_types, such as "load_type: cpu"' }),
    ),
    resources: Type.Optional(resourcesSchema),
    network: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$',
        write: 'a network of the host, such as "network: backend"',
      }),
    ),
    volumes: Type.Optional(volumesSchema),
    min: Type.Optional(count(0, INSTANCES_MAX, 'a whole number of instances, such as "min: 1"')),
    max: count(0, INSTANCES_MAX, 'a whole number of instances, such as "max: 5"'),
    step: Type.Optional(count(1, INSTANCES_MAX, 'a whole number of instances, such as "step: 1"')),
    cooldown: Type.Optional(cooldown),
    warm_up: Type.Optional(duration('a time with its unit, such as "warm_up: 5s"')),
    adopt: Type.Optional(Type.Boolean({ write: '"adopt: true" or "adopt: false"' })),
    ...guardFields,
    policy: Type.Optional(shortPolicySchema),
    policies: Type.Optional(
      Type.Array(policySchema, {
        minItems: 1,
        maxItems: POLICIES_MAX,
        write: 'a list of policies, each with its "kind"',
      }),
    ),
  },
  { ...closed, write: 'a group with "name", "match", "image" and "max"' },
);

const fleetLimit = (example: string) =>
  Type.String({
    pattern: '^[1-9][0-9]{0,4}/[0-9]{1,6}(ms|s|m|h)$',
    write: `instances in a time, such as "${example}"`,
  });

export const groupsFileSchema = Type.Object(
  {
    groups: Type.Array(group, { maxItems: GROUPS_MAX, write: 'a list of groups, each beginning with "- name:"' }),
    templates: Type.Optional(
      Type.Record(Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$' }), resourcesSchema, {
        ...closed,
        maxProperties: 100,
        write: 'resource templates by name, such as "templates: { api: { cpus: 1, memory: 1GiB } }"',
      }),
    ),
    load_types: Type.Optional(
      Type.Record(Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$' }), Type.String({ maxLength: 63 }), {
        ...closed,
        maxProperties: 100,
        write: 'the template of each type of load, such as "load_types: { cpu: large }"',
      }),
    ),
    fleet: Type.Optional(
      Type.Object(
        { add: Type.Optional(fleetLimit('add: 200/1m')), remove: Type.Optional(fleetLimit('remove: 50/1m')) },
        { ...closed, write: 'the most that may change over all groups, such as "fleet: { remove: 50/1m }"' },
      ),
    ),
  },
  { ...closed, write: '"groups:" with a list of groups below it' },
);

export type GroupEntry = Static<typeof group>;
export type GroupsFile = Static<typeof groupsFileSchema>;

export const groupsFileValidator = Compile(groupsFileSchema);
