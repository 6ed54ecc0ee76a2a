import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Judgement } from '../../core/index.ts';
import { type AlertState, quiet, type Strategy, type Transition, transition } from './transition.ts';

const strategy: Strategy = { maxStep: 3, minIntervalSeconds: 300 };

function judged(triggered: boolean, at: number, points = 3): Extract<Judgement, { kind: 'judged' }> {
  return { kind: 'judged', triggered, leftValue: triggered ? 90 : 10, newestSecond: at, oldestSecond: at - points + 1 };
}

/** Judgements in turn, each as of its own second; the events as `STATUS#step@second`. */
function run(judgements: readonly Judgement[], rule: Strategy = strategy): string[] {
  let state: AlertState = quiet;
  return judgements.flatMap((judgement) => {
    const now = judgement.kind === 'judged' ? judgement.newestSecond : 0;
    const change = transition(state, judgement, rule, now);
    if (change.kind === 'none') return [];
    state = change.next;
    return [`${change.status}#${change.step}@${change.second}`];
  });
}

describe('the event state machine', () => {
  test('gives the published example of Open-Falcon: a bad quarter of an hour in minutes', () => {
    const bad = Array.from({ length: 14 }, (_, index) => {
      const at = (index + 2) * 60;
      return { ...judged(true, at), oldestSecond: at - 120 };
    });
    const well = { ...judged(false, 960), oldestSecond: 840 };
    const badAgain = { ...judged(true, 1140), oldestSecond: 1020 };
    expect(run([...bad, well, badAgain])).toEqual([
      'PROBLEM#1@120',
      'PROBLEM#2@420',
      'PROBLEM#3@720',
      'OK#1@960',
      'PROBLEM#1@1140',
    ]);
  });

  test('says nothing while there are too few points, and keeps an open alert open', () => {
    expect(run([judged(true, 10), { kind: 'too-few-points' }, judged(false, 20)])).toEqual(['PROBLEM#1@10', 'OK#1@20']);
  });

  test('does not repeat before min_interval is over, and does at the very second', () => {
    const open = transition(quiet, judged(true, 1000), strategy, 1000);
    if (open.kind !== 'event') throw new Error('no event');
    expect(transition(open.next, judged(true, 1299), strategy, 1299)).toMatchObject({
      reason: 'min_interval is not over',
    });
    expect(transition(open.next, judged(true, 1300), strategy, 1300)).toMatchObject({ status: 'PROBLEM', step: 2 });
  });

  test('does not repeat on points that it has told of already, even without min_interval', () => {
    const rule = { maxStep: 9, minIntervalSeconds: 0 };
    expect(
      run(
        [10, 11, 12, 13, 14, 15, 16].map((at) => judged(true, at)),
        rule,
      ),
    ).toEqual(['PROBLEM#1@10', 'PROBLEM#2@13', 'PROBLEM#3@16']);
  });

  test('a muted rule is silent, and ends what it had begun before it was muted', () => {
    const muted = { maxStep: 0, minIntervalSeconds: 0 };
    expect(run([judged(true, 10)], muted)).toEqual([]);
    const open: AlertState = { kind: 'open', step: 1, eventSecond: 5, sinceSecond: 5 };
    expect(transition(open, judged(false, 10), muted, 10)).toMatchObject({ status: 'OK', sinceSecond: 5 });
  });

  test('every transition gives its reason', () => {
    const open: AlertState = { kind: 'open', step: 3, eventSecond: 5, sinceSecond: 5 };
    expect(transition(quiet, judged(false, 10), strategy, 10).reason).toBe('still well');
    expect(transition(open, judged(true, 10), strategy, 10).reason).toBe('max_step is reached');
  });

  test('whatever comes: problems count up by one to max_step, and each incident ends with one OK', () => {
    const steps = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 200 })), { maxLength: 80 });
    const rules = fc.record({
      maxStep: fc.integer({ min: 0, max: 4 }),
      minIntervalSeconds: fc.constantFrom(0, 60, 300),
    });
    fc.assert(fc.property(steps, rules, (points, rule) => checkHistory(points, rule)));
  });
});

function checkHistory(points: readonly (readonly [boolean, number])[], rule: Strategy): void {
  let at = 0;
  let state: AlertState = quiet;
  let last: Extract<Transition, { kind: 'event' }> | undefined;
  for (const [triggered, gap] of points) {
    at += gap;
    const change: Transition = transition(state, judged(triggered, at, 1), rule, at);
    if (change.kind === 'none') continue;
    const isFirst = last === undefined || last.status === 'OK';
    if (change.status === 'OK') expect(last?.status).toBe('PROBLEM');
    else {
      expect(change.step).toBe(isFirst ? 1 : (last?.step ?? 0) + 1);
      expect(change.step).toBeLessThanOrEqual(rule.maxStep);
      if (!isFirst) expect(at - (last?.second ?? 0)).toBeGreaterThanOrEqual(rule.minIntervalSeconds);
    }
    state = change.next;
    last = change;
  }
}
