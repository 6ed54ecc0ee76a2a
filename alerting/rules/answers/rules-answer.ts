/** The rules in force, as the API tells them. */
import { formatExpression, type RulesAnswer } from '../../../core/index.ts';
import { conditionOf } from '../../events/event.ts';
import type { RulesInForce } from '../live/rules-in-force.ts';
import { formatRuleCondition, type Rule } from '../rule.ts';
import { formatNode } from '../tree.ts';

export function rulesAnswer(file: string | null, { status, stored }: RulesInForce): RulesAnswer {
  const { loadedAtMs, error, rules } = status;
  const inherited = rules.templates.flatMap((template) => template.rules);
  return {
    file,
    loadedAtMs,
    error,
    rules: [...rules.rules, ...inherited].map((rule) => {
      const { template } = rule;
      const kept = template === null ? stored.find('rule', rule.slug) : stored.find('template', template);
      return { ...ruleAnswer(rule), ...versionOf(kept) };
    }),
    templates: rules.templates.map(({ name, slug, parent, nodes, notify }) => ({
      name,
      slug,
      parent,
      nodes: nodes.map(formatNode),
      notify: notify === null ? null : [...notify],
      ...versionOf(stored.find('template', slug)),
    })),
    channels: [...rules.channels.map(({ name }) => name), ...rules.people.teams.keys()],
    metrics: [...rules.metrics],
  };
}

function versionOf(kept: ReturnType<RulesInForce['stored']['find']>) {
  if (kept === undefined) return {};
  const { version, changedAtMs, changedBy } = kept;
  return { madeInApi: true, version, changedAtMs, changedBy };
}

export function ruleAnswer(rule: Rule): RulesAnswer['rules'][number] {
  const { name, priority, maxStep, minIntervalSeconds, note, notify } = rule;
  const where = whereInWords(rule.where);
  const answer = { name, ...conditionOf(rule), where, priority, maxStep, minIntervalSeconds, note };
  return { ...answer, channels: [...notify], ...furtherOf(rule) };
}

/** What only some rules have. */
function furtherOf(rule: Rule): Partial<RulesAnswer['rules'][number]> {
  const { recovery, hours, dependsOn, template, enabled } = rule;
  return {
    ...(rule.expression === null ? {} : { expression: formatRuleCondition(rule) }),
    ...(recovery === null ? {} : { recovery: formatExpression(recovery) }),
    ...(hours === null ? {} : { hours: hours.text }),
    ...(dependsOn.length === 0 ? {} : { dependsOn: dependsOn.map(({ name }) => name) }),
    ...(template === null ? {} : { template }),
    ...(enabled ? {} : { enabled }),
  };
}

/** What a rule's `where` says besides tags, each key as it stands in the file. */
function whereInWords({ tags: _tags, labels, nodes, ...named }: Rule['where']): Record<string, string> {
  const labelled = Object.entries(labels).map(([key, value]) => [`labels.${key}`, value]);
  const below = nodes.length === 0 ? [] : [['node', nodes.map(formatNode).join(' or ')]];
  return Object.fromEntries([...Object.entries(named), ...below, ...labelled]);
}
