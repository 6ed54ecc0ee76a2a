/** The answer to "why was I (not) told?": the present from the windows, the past from the store. */
import type { Alert, ExplainAnswer, ExplainQuery, StateStore, TimestampMs } from '../../core/index.ts';
import type { Judging } from '../judge/judging.ts';
import { formatRuleCondition } from '../rules/rule.ts';
import { readEvents } from '../store/queries.ts';
import { type Explained, explainRule } from './explain.ts';

const EVENTS_MAX = 50;

/** Rejects with `NOT_FOUND` for a rule that there is not, and with `STATE_STORE`. */
export async function explainAnswer(
  judging: Judging,
  store: StateStore,
  query: ExplainQuery,
  nowMs: TimestampMs,
): Promise<ExplainAnswer> {
  const explained = explainRule(judging, query, nowMs);
  const { rule, series } = explained;
  const events = await readEvents(store, rule.slug, query.endpoint, EVENTS_MAX);
  return {
    nowMs,
    rule: rule.name,
    condition: formatRuleCondition(rule),
    answer: inOneSentence(explained, events),
    series: [...series],
    events: [...events],
  };
}

/** The most telling of what is known. */
export function inOneSentence({ series, unwatched }: Explained, events: readonly Alert[]): string {
  if (unwatched !== null) return `Nobody is told, because ${unwatched}.`;
  const open = series.find(({ state }) => state !== 'well');
  if (open !== undefined) {
    const told = tellings(events.find(({ status }) => status === 'PROBLEM'));
    const waits = open.keptBack.length === 0 ? '' : ` No further message for now: ${open.keptBack.join('; ')}.`;
    return `There is an open alert, ${told}.${waits}`;
  }
  const holding = series.find(({ verdict }) => verdict === 'holds');
  if (holding !== undefined)
    return `The condition holds, and nobody is told: ${holding.keptBack.join('; ') || 'the next sample decides'}.`;
  const unknown = series.find(({ verdict }) => verdict === 'unknown');
  if (unknown !== undefined) return `Nothing can be said yet: ${unknown.reason}.`;
  const [last] = events;
  const before =
    last === undefined ? 'it never did in the last 30 days' : `the last event was ${last.status}, ${tellings(last)}`;
  return `The condition does not hold; ${before}.`;
}

/** Who was told how. */
function tellings(event: Alert | undefined): string {
  if (event === undefined) return 'whose message is not stored any more';
  if (event.deliveries.length === 0) return 'which nobody was told of: the rule named nobody';
  return event.deliveries
    .map(({ channel, audience, state, lastError }) => {
      const whom = audience === '' ? channel : `${channel} (${audience})`;
      return `${state} to ${whom}${lastError === null ? '' : `: ${lastError}`}`;
    })
    .join(', ');
}
