import { createHash } from 'node:crypto';
import {
  type Condition,
  type Expression,
  formatExpression,
  type MetricDefinition,
  type Tags,
  type Test,
  testsOf,
} from '../../core/index.ts';
import type { Channel } from '../delivery/channels/index.ts';
import { nobody, type People } from '../delivery/people/people.ts';
import type { Handler } from '../delivery/prehandling/handler.ts';
import type { Hours } from './hours.ts';
import type { Node } from './tree.ts';

/** Which series of the metric a rule watches. What is left out matches all; `*` stands for any run of characters. */
export type Where = {
  readonly kind?: 'host' | 'container';
  readonly endpoint?: string;
  readonly host?: string;
  readonly image?: string;
  readonly service?: string;
  /** The endpoint hangs below one of these nodes of the service tree; empty for anywhere. */
  readonly nodes: readonly Node[];
  readonly tags: Tags;
  readonly labels: Tags;
};

/** While another rule has an open alert in the same place, this one opens none. */
export type Dependency = {
  /** Slug of the other rule. */
  readonly slug: string;
  readonly name: string;
  /** How near the other alert must be: on the same endpoint, on the same host, or anywhere. */
  readonly same: 'endpoint' | 'host' | 'any';
};

/** Makes one series of many: the rule then judges that. */
export type Aggregate = {
  readonly node: Node;
  readonly nodeText: string;
  readonly numerator: Measure;
  /** Null where the numerator is all there is. */
  readonly denominator: Measure | null;
};

/** One side of an aggregate, over the endpoints below its node. */
export type Measure =
  | { readonly kind: 'count' }
  | { readonly kind: 'constant'; readonly value: number }
  /** Open-Falcon's: terms are added up on each endpoint, compared where a comparison stands, and summed. */
  | { readonly kind: 'sum'; readonly terms: readonly Term[]; readonly compare: Comparison | null }
  /** Of the one metric, across endpoints; `share` of a quantile is 0 … 1. */
  | {
      readonly kind: 'fold';
      readonly fold: 'avg' | 'sum' | 'min' | 'max' | 'quantile';
      readonly share: number;
      readonly metric: string;
    };

export type Term = { readonly metric: string; readonly tags: Tags; readonly sign: 1 | -1 };
export type Comparison = { readonly operator: Condition['operator']; readonly rightValue: number };

export type Rule = {
  readonly name: string;
  /** The name in the form that event ids carry; two rules never share one. */
  readonly slug: string;
  readonly metric: string;
  readonly where: Where;
  /** The first test: what an event shows. */
  readonly condition: Condition;
  /** The whole condition where it is more than `condition` on `metric`, else null. */
  readonly expression: Expression | null;
  /** What must hold before an open alert ends; null where it ends when the condition does not hold. */
  readonly recovery: Expression | null;
  readonly aggregate: Aggregate | null;
  /** When the rule is in effect; null for always. */
  readonly hours: Hours | null;
  readonly dependsOn: readonly Dependency[];
  /** 0 is the most urgent, 6 the least. */
  readonly priority: number;
  /** Most PROBLEM events of one incident; 0 mutes the rule. */
  readonly maxStep: number;
  readonly minIntervalSeconds: number;
  readonly note: string;
  /** Names of channels and teams. */
  readonly notify: readonly string[];
  /** Slug of the template that the rule was written in; null for a rule of its own. */
  readonly template: string | null;
  /** False for a rule that is turned off: it is known and judges nothing, and in a template turns off what it replaces. */
  readonly enabled: boolean;
  /** The keys of the file as they were written. */
  readonly written: Written;
};

/** One entry of a rules file as plain JavaScript: texts, numbers, lists and maps. */
export type Written = Readonly<Record<string, unknown>>;

/** What one rules file says. */
export type RuleSet = {
  readonly rules: readonly Rule[];
  readonly channels: readonly Channel[];
  readonly people: People;
  /** What is tried before people are told. */
  readonly handlers: readonly Handler[];
  readonly templates: readonly Template[];
  /** Metrics from outside that rules may name. */
  readonly metrics: readonly string[];
};

/** Rules that hang on nodes of the service tree (Open-Falcon's template); `templates.ts` says which of them hold where. */
export type Template = {
  readonly name: string;
  readonly slug: string;
  /** Slug of the template whose rules it inherits. */
  readonly parent: string | null;
  readonly nodes: readonly Node[];
  /** Who is told, also of inherited rules; null to leave that to each rule. */
  readonly notify: readonly string[] | null;
  readonly rules: readonly Rule[];
};

export const noRules: RuleSet = { rules: [], channels: [], people: nobody, handlers: [], templates: [], metrics: [] };

/** A metric that is pushed from outside, and so in no catalogue. */
export type MetricLookup = (name: string) => Pick<MetricDefinition, 'unit' | 'tags' | 'on'> | undefined;

/** Every test that judging a rule asks for: those of its condition, then those of its recovery. */
export function allTests(rule: Rule): readonly Test[] {
  const own = rule.expression === null ? [{ metric: null, condition: rule.condition }] : testsOf(rule.expression);
  return rule.recovery === null ? own : [...own, ...testsOf(rule.recovery)];
}

/** The whole condition as the file has it. */
export function formatRuleCondition(rule: Rule): string {
  return formatExpression(rule.expression ?? { kind: 'test', test: { metric: null, condition: rule.condition } });
}

/**
 * A name in the ASCII form that ids and HTTP headers can carry: letters and digits in lower case,
 * anything else a dash. What ASCII can not tell apart, a piece of the name's MD5 does.
 */
export function slugOf(name: string): string {
  const folded = name.normalize('NFKC').toLowerCase();
  const ascii = folded.replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '');
  const words = folded.match(/[\p{L}\p{N}]+/gu) ?? [];
  if (words.every((word) => /^[a-z0-9]+$/.test(word))) return ascii;
  const rest = createHash('md5').update(words.join('-')).digest('hex').slice(0, 8);
  return ascii === '' ? rest : `${ascii}-${rest}`;
}
