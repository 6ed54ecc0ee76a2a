/**
 * Which rules hold for an endpoint: those of the file's own list, and those of the templates on its
 * nodes, inherited and overridden as in Open-Falcon (modules/hbs/rpc/hbs.go, CalcInheritStrategies):
 *
 * 1. each template on a node of the endpoint stands at the end of a chain of its parents;
 * 2. a chain that is part of another one is left out;
 * 3. from the oldest to the youngest, rules of one metric and tags replace those inherited; so does a
 *    rule of the same name;
 * 4. who is told is what the youngest template of the chain says;
 * 5. what is turned off is left out last: in a template it turns off what it replaces.
 */
import { type Endpoint, formatTags } from '../../core/index.ts';
import type { Rule, RuleSet, Template } from './rule.ts';
import { isBelow } from './tree.ts';
import { everywhere } from './where.ts';

export type RulesByMetric = ReadonlyMap<string, readonly Rule[]>;

const nothing: RulesByMetric = new Map();

export class RuleBook {
  /** The rules of the file's own list, and all aggregates. */
  readonly own: RulesByMetric;
  readonly aggregates: readonly Rule[];
  readonly #templates: ReadonlyMap<string, Template>;
  readonly #bound: readonly Template[];
  /** By the slugs of the templates that an endpoint is bound to: few combinations, many endpoints. */
  readonly #byBinding = new Map<string, RulesByMetric>();
  readonly #all: ReadonlyMap<string, Rule>;

  constructor({ rules, templates }: RuleSet) {
    this.#templates = new Map(templates.map((template) => [template.slug, template]));
    this.#bound = templates.filter((template) => template.nodes.length > 0);
    const all = [...rules, ...templates.flatMap((template) => template.rules)];
    this.#all = new Map(all.map((rule) => [rule.slug, rule]));
    this.aggregates = all.filter((rule) => rule.aggregate !== null && rule.enabled);
    // What an aggregate says of its members is no matter of the series that it makes.
    const made = this.aggregates.map((rule) => ({ ...rule, where: everywhere }));
    this.own = groupByMetric([...rules.filter((rule) => rule.aggregate === null && rule.enabled), ...made]);
  }

  find(slug: string): Rule | undefined {
    return this.#all.get(slug);
  }

  get all(): Iterable<Rule> {
    return this.#all.values();
  }

  /** What the templates say of an endpoint. */
  inherited(endpoint: Endpoint): RulesByMetric {
    if (this.#bound.length === 0) return nothing;
    const bound = this.#bound.filter(({ nodes }) => nodes.some((node) => isBelow(endpoint, node)));
    const key = bound.map(({ slug }) => slug).join(' ');
    const known = this.#byBinding.get(key);
    if (known !== undefined) return known;
    const found = groupByMetric(this.#resolve(bound).filter((rule) => rule.aggregate === null && rule.enabled));
    this.#byBinding.set(key, found);
    return found;
  }

  #resolve(bound: readonly Template[]): readonly Rule[] {
    const chains = bound.map((template) => this.#chainOf(template));
    const longest = chains.filter((chain, index) => {
      return !chains.some((other, at) => at !== index && isPart(chain, other) && (!isPart(other, chain) || at < index));
    });
    const bySlug = new Map(longest.flatMap(inherit).map((rule) => [rule.slug, rule]));
    return [...bySlug.values()];
  }

  /** The oldest first. The file's check has bounded its depth. */
  #chainOf(template: Template): readonly Template[] {
    const chain: Template[] = [];
    for (let next: Template | undefined = template; next !== undefined; ) {
      chain.unshift(next);
      next = next.parent === null ? undefined : this.#templates.get(next.parent);
    }
    return chain;
  }
}

const isPart = (chain: readonly Template[], other: readonly Template[]): boolean =>
  chain.every((template) => other.includes(template));

function inherit(chain: readonly Template[]): readonly Rule[] {
  let rules: readonly Rule[] = [];
  for (const template of chain) {
    const replaced = new Set(template.rules.flatMap((rule) => [targetOf(rule), `name:${rule.name}`]));
    const kept = rules.filter((rule) => !replaced.has(targetOf(rule)) && !replaced.has(`name:${rule.name}`));
    rules = [...kept, ...template.rules];
  }
  const notify = chain.findLast((template) => template.notify !== null)?.notify;
  if (notify === undefined || notify === null) return rules;
  return rules.map((rule) => ({ ...rule, notify }));
}

/** What Open-Falcon overrides by: two rules on the same metric and tags (and kind of endpoint) are versions of one. */
const targetOf = ({ metric, where }: Rule): string =>
  `metric:${metric}/tags:${formatTags(where.tags)}/on:${where.kind}`;

export function groupByMetric(rules: readonly Rule[]): RulesByMetric {
  const byMetric = new Map<string, Rule[]>();
  for (const rule of rules) {
    const list = byMetric.get(rule.metric) ?? [];
    list.push(rule);
    byMetric.set(rule.metric, list);
  }
  return byMetric;
}
