/** "Why was I (not) told?": a rule on an endpoint as it stands now, from the very windows that are judged. */
import { AppError, type Endpoint, type ExplainedSeries, nearestName, type TimestampMs } from '../../core/index.ts';
import { findingOf, type Place } from '../judge/incidents.ts';
import type { Judging } from '../judge/judging.ts';
import type { Plan } from '../judge/plan/plan.ts';
import { causeOf } from '../judge/silence.ts';
import { quiet, transition } from '../judge/transition.ts';
import { type Rule, slugOf } from '../rules/rule.ts';
import type { RuleBook } from '../rules/templates.ts';
import { matchesWhere } from '../rules/where.ts';
import { listPoints } from './event.ts';

const SERIES_MAX = 100;

export type Explained = {
  readonly rule: Rule;
  readonly series: readonly ExplainedSeries[];
  /** Why the rule watches nothing on the endpoint; null where it does. */
  readonly unwatched: string | null;
};

/** Throws `NOT_FOUND` for a rule that there is not. */
export function explainRule(
  judging: Judging,
  asked: { readonly rule: string; readonly endpoint: string },
  nowMs: TimestampMs,
): Explained {
  const rules = judging.rules;
  const rule = rules === null ? undefined : findRule(rules, asked.rule);
  if (rules === null || rule === undefined) throw unknownRule(asked.rule, rules);
  const series: ExplainedSeries[] = [];
  for (const [, plan] of judging.plans) {
    for (const place of placesOf(plan, rule, asked.endpoint)) {
      if (series.length < SERIES_MAX) series.push(explainPlace(judging, place, nowMs));
    }
  }
  return { rule, series, unwatched: series.length > 0 ? null : whyUnwatched(judging, rule, asked.endpoint) };
}

function findRule(rules: RuleBook, name: string): Rule | undefined {
  return rules.find(slugOf(name)) ?? [...rules.all].find((rule) => rule.name === name || rule.slug === name);
}

function unknownRule(name: string, rules: RuleBook | null): AppError {
  const near = nearestName(
    name,
    [...(rules?.all ?? [])].map((rule) => rule.name),
  );
  return new AppError('NOT_FOUND', `there is no rule "${name}"`, {
    where: 'rule',
    hint: near === undefined ? 'the rules page lists all of them' : `did you mean "${near}"?`,
  });
}

function* placesOf(plan: Plan, rule: Rule, endpoint: string): Iterable<Place> {
  for (const entry of plan.everyEntry) {
    if (entry.rule.slug !== rule.slug) continue;
    for (let pair = 0; pair < entry.rows.length; pair++) {
      if (plan.subjectOf(entry.rows[pair] ?? 0).endpoint.name === endpoint) yield { plan, entry, pair };
    }
  }
}

function explainPlace(judging: Judging, place: Place, nowMs: TimestampMs): ExplainedSeries {
  const { plan, entry, pair } = place;
  const row = entry.rows[pair] ?? 0;
  const alert = entry.open.get(pair);
  const nowSecond = Math.floor(nowMs / 1000);
  const isSilence = entry.rule.condition.func === 'nodata';
  const { judgement, reason } = findingOf(place, plan.second);
  const silentSeconds = nowSecond - plan.newestSecond(row);
  const isSilent = isSilence && silentSeconds > entry.rule.condition.limit;
  const holds = isSilence ? isSilent : judgement.kind === 'judged' && judgement.triggered;
  const isKnown = isSilence ? plan.newestSecond(row) > 0 : judgement.kind === 'judged';
  const cause = isSilent ? causeOf(plan, row, nowSecond) : null;
  const change = transition(alert?.state ?? quiet, judgement, entry.rule, nowSecond);
  const waits = holds && !isSilence && change.kind === 'none' ? [change.reason] : [];
  const unsaid = cause !== null && cause.kind !== 'told' ? [cause.words] : [];
  return {
    series: plan.subjectOf(row).series,
    verdict: isKnown ? (holds ? 'holds' : 'does not hold') : 'unknown',
    reason: isSilence ? silenceInWords(silentSeconds, cause?.words) : reason(),
    points: listPoints(plan.windowOf(row)),
    state: alert === undefined ? 'well' : `PROBLEM, step ${alert.state.step}`,
    sinceMs: alert === undefined ? null : alert.state.sinceSecond * 1000,
    keptBack: [...keptBack(judging, place), ...unsaid, ...waits],
  };
}

const silenceInWords = (seconds: number, cause: string | undefined): string =>
  `the newest sample is ${seconds} s old${cause === undefined ? '' : `: ${cause}`}`;

function keptBack(judging: Judging, { plan, entry, pair }: Place): readonly string[] {
  const { rule } = entry;
  const reasons: string[] = [];
  if (rule.maxStep === 0) reasons.push('max_step is 0: the rule is muted');
  if (rule.hours !== null && judging.isPaused(rule)) reasons.push(`the rule is in effect ${rule.hours.text} only`);
  const inhibitor = judging.incidents.inhibitorOf(rule, plan.endpointOf(entry.rows[pair] ?? 0));
  if (inhibitor !== undefined) {
    reasons.push(
      `"${inhibitor.event.rule}" has an open alert on ${inhibitor.event.endpoint}, and the rule depends on it`,
    );
  }
  if (rule.notify.length === 0)
    reasons.push('the rule names nobody under notify: its alerts are seen in the console only');
  return reasons;
}

function whyUnwatched(judging: Judging, rule: Rule, name: string): string {
  if (rule.aggregate !== null)
    return `the rule watches ${rule.aggregate.nodeText} as a whole; ask for that as the endpoint`;
  const plans = [...judging.plans].map(([, plan]) => plan);
  const found = plans.flatMap(({ dictionary }) =>
    dictionary.endpoints.flatMap((endpoint, index) =>
      endpoint.name === name ? [{ dictionary, endpoint, index }] : [],
    ),
  )[0];
  if (found === undefined) return `no collector has told of an endpoint "${name}" since the server started`;
  const { dictionary, endpoint, index } = found;
  const series = dictionary.series.filter((one) => one.endpoint === index && one.metric === rule.metric);
  if (series.length === 0) return `${name} has no ${rule.metric}`;
  return whyUnmatched(rule, endpoint) ?? `no series of ${rule.metric} on ${name} has the tags of the rule's where`;
}

/** The first of the rule's conditions on endpoints that this one does not fulfil. */
function whyUnmatched({ where, template }: Rule, endpoint: Endpoint): string | undefined {
  const { tags: _, labels, nodes, ...rest } = where;
  const parts = [
    ...Object.entries(rest).map(([key, value]) => ({ [key]: value })),
    ...Object.entries(labels).map(([key, value]) => ({ labels: { [key]: value } })),
    ...(nodes.length > 0 ? [{ nodes }] : []),
  ];
  const nothing = { nodes: [], tags: {}, labels: {} };
  const unmet = parts.find((part) => !matchesWhere({ ...nothing, ...part }, endpoint, {}));
  if (unmet !== undefined) return `${endpoint.name} does not fulfil ${JSON.stringify(unmet)} of the rule's where`;
  if (template === null) return undefined;
  return `the rule's template does not hold for ${endpoint.name}: it hangs on another node, or another template overrides it`;
}
