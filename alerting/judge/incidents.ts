/**
 * Takes a judgement further: what it means for the alert that may be open, and the event that goes
 * to the sink. Whatever keeps an event back (hours, another alert, a full sink) changes no state, so
 * that the next sample decides anew.
 */
import {
  type AlertEvent,
  type Endpoint,
  explain,
  explainExpression,
  type Judgement,
  judge,
  judgeExpression,
  type Points,
  type TimestampMs,
  testsOf,
} from '../../core/index.ts';
import { closingEvent, eventOfTransition, type Subject } from '../events/event.ts';
import type { OpenAlert, OpenAlerts } from '../events/open-alerts.ts';
import type { Rule } from '../rules/rule.ts';
import type { Commit } from '../store/alert-rows.ts';
import { type Plan, type PlanEntry, STALE_SECONDS, setOpen } from './plan/plan.ts';
import { quiet, type Transition, transition } from './transition.ts';

export type EventSink = {
  readonly hasRoom: boolean;
  push(commit: Commit): void;
};

export type IncidentCounts = {
  events: number;
  /** Put off because the sink had no room; the next sample tries again. */
  eventsRefused: number;
  /** Held back because an alert that the rule depends on is open. */
  eventsInhibited: number;
};

/** Where a pair stands: a rule of a plan on one series. */
export type Place = { readonly plan: Plan; readonly entry: PlanEntry; readonly pair: number };

/** What was found out about a place at a second, and how it is explained. */
export type Finding = { readonly judgement: Judgement; readonly reason: () => string; readonly points: Points | null };

type Closing = { readonly alert: OpenAlert; readonly reason: string };

export class Incidents {
  readonly counts: IncidentCounts = { events: 0, eventsRefused: 0, eventsInhibited: 0 };
  readonly #sink: EventSink;
  readonly #openAlerts: OpenAlerts;
  /** Ends that the sink had no room for. */
  #closings: Closing[] = [];

  constructor(sink: EventSink, openAlerts: OpenAlerts) {
    this.#sink = sink;
    this.#openAlerts = openAlerts;
  }

  /** A condition that holds, or an open alert whose condition does not: the windows of the plan stand on the pair. */
  decide(place: Place, second: number, nowSecond: number): void {
    // A storm below a host that is down asks this every second: before anything is made.
    if (!place.entry.open.has(place.pair) && this.#isInhibited(place)) return;
    this.take(place, findingOf(place, second), nowSecond);
  }

  take(place: Place, finding: Finding, nowSecond: number): void {
    const { plan, entry, pair } = place;
    const { rule } = entry;
    const alert = entry.open.get(pair);
    const change = transition(alert?.state ?? quiet, finding.judgement, rule, nowSecond);
    if (change.kind === 'none') return;
    if (change.status === 'PROBLEM' && this.#isInhibited(place)) return;
    const subject = plan.subjectOf(entry.rows[pair] ?? 0);
    if (!this.#hasRoom(change.next.kind === 'open' && alert === undefined)) return;
    const event = eventOfTransition(rule, subject, change, { reason: finding.reason(), points: finding.points });
    this.#move(place, subject, change, event);
  }

  #move({ entry, pair }: Place, subject: Subject, change: EventTransition, event: AlertEvent): void {
    const { rule } = entry;
    const alert = entry.open.get(pair);
    // An incident is ended where it was told, even if the rule has other receivers by now.
    const channels = alert === undefined ? rule.notify : [...new Set([...alert.channels, ...rule.notify])];
    if (change.next.kind === 'open') {
      const next = { slug: rule.slug, series: subject.series, channels, event, state: change.next };
      this.#openAlerts.set(next);
      setOpen(entry, pair, next);
    } else if (alert !== undefined) {
      this.#openAlerts.delete(alert);
      setOpen(entry, pair, undefined);
    }
    const times = { eventSecond: change.second, sinceSecond: change.sinceSecond };
    this.#push({ event, slug: rule.slug, series: subject.series, channels, ...times });
  }

  #isInhibited({ plan, entry, pair }: Place): boolean {
    const { rule } = entry;
    if (rule.dependsOn.length === 0) return false;
    if (this.inhibitorOf(rule, plan.endpointOf(entry.rows[pair] ?? 0)) === undefined) return false;
    this.counts.eventsInhibited++;
    return true;
  }

  /** The open alert that keeps a rule from telling of an endpoint. */
  inhibitorOf({ dependsOn }: Rule, endpoint: Endpoint): OpenAlert | undefined {
    for (const { slug, same } of dependsOn) {
      const alert = this.#openAlerts.near(slug, same, endpoint);
      if (alert !== undefined) return alert;
    }
    return undefined;
  }

  /** Ends an alert that no sample can end any more, now or as soon as there is room. */
  close(alert: OpenAlert, reason: string): void {
    this.#closings.push({ alert, reason });
  }

  /** Forgets ends that were asked for and have not happened. */
  forgetClosings(): void {
    this.#closings = [];
  }

  /** Returns the alerts that were ended. */
  flush(nowMs: TimestampMs): readonly OpenAlert[] {
    if (this.#closings.length === 0) return [];
    const waiting = this.#closings;
    const closed: OpenAlert[] = [];
    this.#closings = [];
    for (const closing of waiting) {
      const { alert, reason } = closing;
      if (this.#openAlerts.get(alert.slug, alert.series) !== alert) continue;
      if (!this.#hasRoom(false)) {
        this.#closings.push(closing);
        continue;
      }
      const second = Math.floor(nowMs / 1000);
      this.#openAlerts.delete(alert);
      closed.push(alert);
      this.#push({
        ...alert,
        event: closingEvent(alert.event, second, reason),
        eventSecond: second,
        sinceSecond: alert.state.sinceSecond,
      });
    }
    return closed;
  }

  #hasRoom(isNew: boolean): boolean {
    const has = this.#sink.hasRoom && (!isNew || this.#openAlerts.hasRoom);
    if (!has) this.counts.eventsRefused++;
    return has;
  }

  #push(commit: Omit<Commit, 'isOpen'>): void {
    this.counts.events++;
    this.#sink.push({ ...commit, isOpen: commit.event.status === 'PROBLEM' });
  }
}

type EventTransition = Extract<Transition, { kind: 'event' }>;

/** What the windows of a place say, its separate recovery condition included. */
export function findingOf({ plan, entry, pair }: Place, second: number): Finding {
  const { rule } = entry;
  const own = plan.windowOf(entry.rows[pair] ?? 0);
  const main = judgementOf({ plan, entry, pair }, own, second);
  if (main.judgement.kind !== 'judged' || main.judgement.triggered || rule.recovery === null || !entry.open.has(pair)) {
    return main;
  }
  const first = rule.expression === null ? 1 : testsOf(rule.expression).length;
  const pointsOf = (test: number) => plan.operandOf(entry, pair, first + test);
  const alignment = { second, staleSeconds: STALE_SECONDS };
  const recovery = judgeExpression(rule.recovery, pointsOf, alignment);
  if (recovery.kind !== 'judged' || !recovery.triggered) return { ...main, judgement: { kind: 'too-few-points' } };
  const { recovery: expression } = rule;
  const reason = () => `${main.reason()}; recovery: ${explainExpression(expression, pointsOf, alignment)}`;
  return { ...main, reason };
}

function judgementOf({ plan, entry, pair }: Place, own: Points, second: number): Finding {
  const { condition, expression } = entry.rule;
  if (expression === null) {
    return { judgement: judge(condition, own), reason: () => explain(condition, own), points: own };
  }
  const pointsOf = (test: number) => plan.operandOf(entry, pair, test);
  const alignment = { second, staleSeconds: STALE_SECONDS };
  return {
    judgement: judgeExpression(expression, pointsOf, alignment),
    reason: () => explainExpression(expression, pointsOf, alignment),
    points: own,
  };
}
