import { type Static, Type } from 'typebox';
import { metricSchema, nameSchema, tagsSchema } from '../../schema.ts';
import { closed } from '../parts.ts';

/** Tests of labels in one selection. */
export const MATCHERS_MAX = 16;

/** Characters of a pattern: longer ones are lists that want a label of their own. */
export const PATTERN_CHARACTERS_MAX = 1024;

/**
 * A test of one label. Labels of a series are, the first that has the name counting: `metric`,
 * `endpoint`, `host` and `kind`; its tags; the labels of its endpoint. A label that is not there is
 * the same as an empty one, as in Prometheus.
 */
export const matcherSchema = Type.Object(
  {
    label: Type.String({
      minLength: 1,
      maxLength: 255,
      description: 'metric, endpoint, host, kind, a tag, or a label of the endpoint, in this order of precedence',
    }),
    op: Type.Union([Type.Literal('='), Type.Literal('!='), Type.Literal('=~'), Type.Literal('!~')]),
    value: Type.String({
      maxLength: PATTERN_CHARACTERS_MAX,
      description: 'Text, or for =~ and !~ an RE2 pattern that the whole label must match; a missing label is empty',
    }),
  },
  { ...closed, examples: [{ label: 'service', op: '=~', value: 'web|api' }] },
);

/** Series by name, by labels, or both: a series is picked when all that is said is true of it. */
export const selectionSchema = Type.Object(
  {
    endpoints: Type.Optional(Type.Array(nameSchema, { minItems: 1, maxItems: 1000 })),
    metrics: Type.Optional(Type.Array(metricSchema, { minItems: 1, maxItems: 100 })),
    tags: Type.Optional(tagsSchema),
    matchers: Type.Optional(Type.Array(matcherSchema, { minItems: 1, maxItems: MATCHERS_MAX })),
  },
  {
    ...closed,
    description: 'Name at least one of endpoints, metrics and matchers',
    examples: [{ metrics: ['cpu.busy'], matchers: [{ label: 'service', op: '=', value: 'web' }] }],
  },
);

export type LabelMatcher = Static<typeof matcherSchema>;
export type Selection = Static<typeof selectionSchema>;
