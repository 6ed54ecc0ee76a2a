/**
 * Tries what a handler says before people are woken. The action is on record before it begins, with the event, so
 * that a crash neither forgets nor repeats it; people are told when it did not help within its time, could not be
 * done, or was done too often, and afterwards when it helped.
 */
import {
  type AlertEvent,
  type Clock,
  describeError,
  type Logger,
  type Statement,
  type StateStore,
} from '../../../core/index.ts';
import type { PrehandlingPorts } from '../../ports.ts';
import { readHeldTargets } from '../../store/held.ts';
import { insertMessage, type MessageBody } from '../../store/messages.ts';
import { readEvent } from '../../store/operations.ts';
import { insertMessageDelivery } from '../../store/outbox.ts';
import {
  type ActionState,
  countActions,
  endAction,
  insertAction,
  type PrehandlingAction,
  readOpenActions,
  resolveAction,
  startAction,
} from '../../store/prehandling.ts';
import type { Outbound } from '../channels/index.ts';
import { type Handler, handlerFor } from './handler.ts';
import { performAction } from './perform.ts';

const HOUR_MS = 3_600_000;
/** In a storm nothing is tried: people are told at once, for it is not one container. */
const OPEN_MAX = 20;

export type PrehandlerOptions = {
  readonly store: StateStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly outbound: Outbound;
  readonly ports: PrehandlingPorts;
  readonly wake: (channels: readonly string[]) => void;
};

type Open = { action: PrehandlingAction; recoveredAtMs: number | null; isBusy: boolean };

/** What keeps an event's messages back while something is tried, and what has to become durable with that. */
export type Attempt = {
  readonly hold: string;
  readonly reason: string;
  readonly waitMs: number;
  readonly statement: Statement;
};

export const holdOf = (eventKey: string): string => `prehandling_${eventKey}`;

export class Prehandler {
  readonly counts = { actions: 0, helped: 0, notHelped: 0 };
  readonly #options: PrehandlerOptions;
  readonly #open = new Map<string, Open>();
  #handlers: readonly Handler[] = [];

  constructor(options: PrehandlerOptions) {
    this.#options = options;
  }

  use(handlers: readonly Handler[]): void {
    this.#handlers = handlers;
  }

  /** What a former process has begun is not begun again. */
  async load(): Promise<void> {
    const { store, clock } = this.#options;
    for (const { action, isAlertOpen } of await readOpenActions(store)) {
      const interrupted = { ...action, state: 'unknown' as const, detail: 'the server stopped while it acted' };
      const known = action.state === 'running' ? interrupted : action;
      this.#open.set(action.alertId, {
        action: known,
        recoveredAtMs: isAlertOpen ? null : clock.nowMs(),
        isBusy: false,
      });
    }
  }

  /** For the beginning of an incident that a handler is for; undefined where people are to be told at once. */
  attempt(event: AlertEvent, nowMs: number): Attempt | undefined {
    const handler = handlerFor(this.#handlers, event);
    if (handler === undefined || this.#open.size >= OPEN_MAX) return undefined;
    const action: PrehandlingAction = {
      id: `act_${event.key}`,
      eventKey: event.key,
      alertId: event.id,
      handler: handler.name,
      host: event.host ?? event.endpoint,
      state: 'planned',
      detail: '',
      dueAtMs: nowMs + handler.waitMs,
    };
    this.#open.set(event.id, { action, recoveredAtMs: null, isBusy: false });
    const reason = `"${handler.name}" is tried first, for ${handler.waitMs / 1000} s`;
    return { hold: holdOf(event.key), reason, waitMs: handler.waitMs, statement: insertAction(action, nowMs) };
  }

  /** The end of an incident that something is being tried for: its message is part of the report. */
  recovered(event: AlertEvent, nowMs: number): { readonly hold: string; readonly reason: string } | undefined {
    const open = this.#open.get(event.id);
    if (open === undefined || event.status !== 'OK') return undefined;
    open.recoveredAtMs ??= nowMs;
    return { hold: holdOf(open.action.eventKey), reason: `told in the report of "${open.action.handler}"` };
  }

  /** Begins what is planned and tells of what is over. Called once a second; returns at once. */
  async look(): Promise<void> {
    for (const open of [...this.#open.values()]) {
      if (open.isBusy) continue;
      open.isBusy = true;
      await this.#advance(open).finally(() => {
        open.isBusy = false;
      });
    }
  }

  async #advance(open: Open): Promise<void> {
    const { clock } = this.#options;
    const { action, recoveredAtMs } = open;
    const isDue = clock.nowMs() >= action.dueAtMs;
    switch (action.state) {
      case 'planned':
        if (recoveredAtMs !== null) return this.#resolve(open, 'helped', 'it recovered before anything was done');
        return this.#begin(open);
      case 'running':
        if (isDue && recoveredAtMs === null) await this.#resolve(open, 'not helped', 'it is still being tried');
        return;
      case 'done':
        if (recoveredAtMs !== null) return this.#resolve(open, 'helped', action.detail);
        if (isDue) await this.#resolve(open, 'not helped', action.detail);
        return;
      default:
        return this.#resolve(open, recoveredAtMs === null ? 'not helped' : 'recovered', action.detail);
    }
  }

  async #begin(open: Open): Promise<void> {
    const { store, clock } = this.#options;
    const { action } = open;
    // Not yet durable: the event's own transaction is still under way.
    const event = await readEvent(store, action.eventKey);
    if (event === undefined) return;
    const handler = this.#handlers.find(({ name }) => name === action.handler);
    if (handler === undefined) return this.#end(open, 'refused', 'the rules file has no such handler any more');
    const nowMs = clock.nowMs();
    const before = await countActions(store, action, nowMs - HOUR_MS);
    if (before >= handler.perHostHour) {
      return this.#end(open, 'refused', `it was done ${before} times on ${action.host} within an hour already`);
    }
    await store.write([startAction(action.id, nowMs)]);
    open.action = { ...action, state: 'running' };
    this.counts.actions++;
    // Not waited for: other actions and their times go on. It ends, for each of its ways has a deadline.
    void this.#perform(open, handler, event);
  }

  async #perform(open: Open, handler: Handler, event: AlertEvent): Promise<void> {
    const { outbound, ports, logger, clock } = this.#options;
    const { id } = open.action;
    logger.warn({ action: id, handler: handler.name, endpoint: event.endpoint }, 'an action before paging begins');
    const result = await performAction(handler.action, { event, id, outbound, ports, nowMs: clock.nowMs() }).then(
      (detail) => ({ state: 'done' as const, detail }),
      (error: unknown) => ({ state: 'failed' as const, detail: describeError(error) }),
    );
    await this.#end(open, result.state, result.detail).catch((error: unknown) => {
      logger.error({ action: id, error: describeError(error) }, 'what an action did could not be noted');
      open.action = { ...open.action, ...result };
    });
  }

  async #end(open: Open, state: ActionState, detail: string): Promise<void> {
    await this.#options.store.write([endAction(open.action.id, state, detail)]);
    open.action = { ...open.action, state, detail };
  }

  /** One report to everybody whose message was kept back. */
  async #resolve(open: Open, outcome: 'helped' | 'not helped' | 'recovered', detail: string): Promise<void> {
    const { store, clock, wake } = this.#options;
    const { action } = open;
    const nowMs = clock.nowMs();
    const event = await readEvent(store, action.eventKey);
    const targets = event === undefined ? [] : await readHeldTargets(store, holdOf(action.eventKey));
    const statements: Statement[] = [resolveAction(action.id, outcome)];
    for (const { channel, audience } of targets) {
      if (event === undefined) break;
      const key = `report_${action.eventKey}_${channel}_${audience}`;
      statements.push(
        insertMessage(key, reportOf(event, action, { outcome, detail }), nowMs),
        insertMessageDelivery(key, channel, audience, nowMs),
      );
    }
    await store.write(statements);
    this.#open.delete(action.alertId);
    if (outcome === 'not helped') this.counts.notHelped++;
    else this.counts.helped++;
    wake(targets.map(({ channel }) => channel));
  }
}

type Report = { readonly outcome: 'helped' | 'not helped' | 'recovered'; readonly detail: string };

function reportOf(event: AlertEvent, { handler, state }: PrehandlingAction, { outcome, detail }: Report): MessageBody {
  const status = outcome === 'not helped' ? 'PROBLEM' : 'OK';
  const verb = { helped: 'helped', 'not helped': 'did not help', recovered: 'was not needed' }[outcome];
  return {
    kind: 'report',
    status,
    priority: event.priority,
    title: `[P${event.priority}][${status}] ${event.rule}: "${handler}" ${verb}`,
    lines: [
      event.endpoint,
      ...(event.note === '' ? [] : [event.note]),
      `"${handler}": ${state}${detail === '' ? '' : `, ${detail}`}`,
      event.reason,
    ],
    path: `/endpoint/${encodeURIComponent(event.endpoint)}?at=${event.eventTimeMs + 60_000}`,
    events: [event],
    count: 1,
  };
}
