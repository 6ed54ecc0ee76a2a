/**
 * Open-Falcon's event state machine (modules/judge/store/judge.go, sendEventIfNeed): when a
 * judgement becomes an event. Pure; the durable state of a rule on a series is what goes in here
 * and comes out.
 */
import type { Judgement } from '../../core/index.ts';
import type { Rule } from '../rules/rule.ts';

export type AlertState =
  | { readonly kind: 'quiet' }
  | {
      readonly kind: 'open';
      /** How many PROBLEM events this incident has had. */
      readonly step: number;
      /** Data second of the last of them. */
      readonly eventSecond: number;
      /** Data second of the first of them. */
      readonly sinceSecond: number;
    };

export type Strategy = Pick<Rule, 'maxStep' | 'minIntervalSeconds'>;

export type Transition =
  | { readonly kind: 'none'; readonly reason: string }
  | {
      readonly kind: 'event';
      readonly status: 'PROBLEM' | 'OK';
      /** Which PROBLEM of this incident; an OK is always 1. */
      readonly step: number;
      readonly second: number;
      readonly sinceSecond: number;
      readonly leftValue: number;
      readonly next: AlertState;
      /** The state before, in words. */
      readonly previous: string;
      readonly reason: string;
    };

export const quiet: AlertState = { kind: 'quiet' };

/** `nowSecond` is the wall clock: Open-Falcon measures `min_interval` from data time to arrival. */
export function transition(
  previous: AlertState,
  judgement: Judgement,
  strategy: Strategy,
  nowSecond: number,
): Transition {
  if (judgement.kind === 'too-few-points') return none('too few points yet');
  const { triggered, newestSecond: second, leftValue } = judgement;
  if (!triggered) {
    if (previous.kind === 'quiet') return none('still well');
    const { sinceSecond } = previous;
    return {
      kind: 'event',
      status: 'OK',
      step: 1,
      second,
      sinceSecond,
      leftValue,
      next: quiet,
      previous: inWords(previous),
      reason: 'it recovered',
    };
  }
  if (previous.kind === 'quiet') {
    if (strategy.maxStep === 0) return none('max_step is 0: the rule is muted');
    const next: AlertState = { kind: 'open', step: 1, eventSecond: second, sinceSecond: second };
    return {
      kind: 'event',
      status: 'PROBLEM',
      ...opened(next, leftValue),
      previous: inWords(previous),
      reason: 'it was well before',
    };
  }
  if (previous.step >= strategy.maxStep) return none('max_step is reached');
  if (judgement.oldestSecond <= previous.eventSecond) return none('the points overlap those of the last event');
  if (nowSecond - previous.eventSecond < strategy.minIntervalSeconds) return none('min_interval is not over');
  const next: AlertState = { ...previous, step: previous.step + 1, eventSecond: second };
  return {
    kind: 'event',
    status: 'PROBLEM',
    ...opened(next, leftValue),
    previous: inWords(previous),
    reason: 'it has not recovered',
  };
}

function opened(next: Extract<AlertState, { kind: 'open' }>, leftValue: number) {
  return { step: next.step, second: next.eventSecond, sinceSecond: next.sinceSecond, leftValue, next };
}

function inWords(state: AlertState): string {
  return state.kind === 'quiet' ? 'well' : `PROBLEM, step ${state.step}`;
}

function none(reason: string): Transition {
  return { kind: 'none', reason };
}
