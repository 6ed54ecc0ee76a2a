/** A backtest as the API answers it: a rules file over the past, beside the rules that are in force. */
import { AppError, type BacktestAnswer, type BacktestQuery, type Clock, sleep } from '../../../core/index.ts';
import { enabled } from '../../rules/answers/matched-series.ts';
import { candidateOf, slugsOf } from '../../rules/answers/rule-editor.ts';
import { writeEntry } from '../../rules/live/entry-text.ts';
import type { EntryId } from '../../rules/live/stored-rules.ts';
import { checkEntry, checkRules, type Outer } from '../../rules/read/check.ts';
import { formatFault } from '../../rules/read/source.ts';
import { type Aggregate, allTests, type Measure, type Rule, type RuleSet, slugOf } from '../../rules/rule.ts';
import { Backtest, type Outcome, PAGES_A_DAY_MAX, warningOf } from './backtest.ts';
import { Past, type PastOptions } from './past.ts';

/** Ticks between which others get a turn. */
const TICKS_A_TURN = 100;

const RANGE_MS_MAX = 62 * 86_400_000;

export type BacktestSources = Pick<PastOptions, 'query' | 'endpointOf' | 'oldestSecond'> & {
  /** The rules in force. */
  readonly current: RuleSet;
  /** What an entry may name that stands elsewhere. */
  readonly outerFor: (entry: EntryId) => Outer;
  readonly clock: Clock;
};

/** Rejects with `BAD_REQUEST` for a file with faults, and with `QUERY_LIMIT` for a range that is too large. */
export async function runBacktest(query: BacktestQuery, sources: BacktestSources): Promise<BacktestAnswer> {
  const { fromMs, toMs, pagesPerDayMax = PAGES_A_DAY_MAX } = query;
  if (fromMs >= toMs)
    throw new AppError('BAD_REQUEST', 'the range is empty: "from" must be before "to"', { where: 'fromMs' });
  if (toMs - fromMs > RANGE_MS_MAX) {
    throw new AppError('QUERY_LIMIT', 'the range is longer than 62 days', {
      where: 'fromMs',
      hint: 'take a shorter range',
    });
  }
  const rules = readRules(query, sources);
  const before = onlySame(sources.current, rules);
  const metrics = metricsOf([rules, before]);
  const past = new Past({ ...sources, metrics, endpoint: query.endpoint, fromMs, toMs });
  const range = { fromMs, toMs };
  const [candidate, previous] = [new Backtest(rules, range), new Backtest(before, range)];
  for await (const { tick, stepSeconds } of past.read()) {
    candidate.onTick(tick, stepSeconds);
    previous.onTick(tick, stepSeconds);
    if (past.ticks % TICKS_A_TURN === 0) await sleep(sources.clock, 0);
  }
  const old = new Map(previous.outcomes().map(({ slug, outcome }) => [slug, outcome]));
  return {
    fromMs,
    toMs,
    approximate: past.approximate,
    seconds: past.ticks,
    series: past.seriesCount,
    rules: candidate.outcomes().map((one) => ({
      rule: one.rule,
      outcome: answerOf(one.outcome),
      before: answerOf(old.get(one.slug)),
      warning: warningOf(one, pagesPerDayMax),
    })),
  };
}

function answerOf(outcome: Outcome): BacktestAnswer['rules'][number]['outcome'];
function answerOf(outcome: Outcome | undefined): BacktestAnswer['rules'][number]['before'];
function answerOf(outcome: Outcome | undefined): BacktestAnswer['rules'][number]['before'] {
  return outcome === undefined ? null : { ...outcome, firings: [...outcome.firings] };
}

/** What is to be judged: a file of its own, or one entry among the rules in force. */
function readRules(
  { rules: text, entry, fileName = 'rules.yaml' }: BacktestQuery,
  { current, outerFor }: BacktestSources,
): RuleSet {
  if ((text === undefined) === (entry === undefined)) {
    throw new AppError('BAD_REQUEST', 'give "rules", a whole file, or "entry", one rule, and not both', {
      where: 'rules',
    });
  }
  const { kind = 'rule', text: own = writeEntry(entry?.rule ?? {}), template, editing = '' } = entry ?? {};
  const outer = outerFor({ kind, name: editing });
  const owner = template === undefined ? null : slugOf(template);
  const checked =
    text === undefined
      ? checkEntry({ kind, text: own, name: fileName, template: owner }, outer)
      : checkRules(text, fileName, outer);
  if (checked.kind === 'invalid') {
    throw new AppError('BAD_REQUEST', checked.errors.map(formatFault).join('\n'), { where: 'rules' });
  }
  if (text !== undefined) return checked;
  const candidate = candidateOf(checked, current);
  return enabled(only(candidate, slugsOf(checked)));
}

/** The rules in force that have their counterpart among the new ones. */
function onlySame(current: RuleSet, rules: RuleSet): RuleSet {
  return only(current, slugsOf(rules));
}

/** The rules with these slugs, and the templates that they need. */
function only(current: RuleSet, slugs: ReadonlySet<string>): RuleSet {
  const same = (list: readonly Rule[]) => list.filter(({ slug }) => slugs.has(slug));
  const templates = current.templates.map((template) => ({ ...template, rules: same(template.rules) }));
  return { ...current, rules: same(current.rules), templates };
}

function metricsOf(sets: readonly RuleSet[]): readonly string[] {
  const rules = sets.flatMap(({ rules: own, templates }) => [
    ...own,
    ...templates.flatMap((template) => template.rules),
  ]);
  const metrics = rules.flatMap((rule) => [
    ...(rule.aggregate === null ? [rule.metric] : metricsOfAggregate(rule.aggregate)),
    ...allTests(rule).flatMap(({ metric }) => (metric === null ? [] : [metric])),
  ]);
  return [...new Set(metrics)];
}

function metricsOfAggregate({ numerator, denominator }: Aggregate): readonly string[] {
  const of = (measure: Measure): readonly string[] => {
    if (measure.kind === 'sum') return measure.terms.map(({ metric }) => metric);
    return measure.kind === 'fold' ? [measure.metric] : [];
  };
  const found = [numerator, ...(denominator === null ? [] : [denominator])].flatMap(of);
  // A mere count needs the endpoints, and each has this.
  return found.length === 0 ? ['cpu.busy'] : found;
}
