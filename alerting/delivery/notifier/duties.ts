/**
 * What is due by the clock and not by an event: escalation steps, ends of silences with their summaries, and signs
 * of life. Looked for once a second; what is due is written with what it causes in one transaction, so that a crash
 * neither forgets it nor does it twice.
 */
import {
  type CancelTimer,
  type Clock,
  describeError,
  type Logger,
  type Statement,
  type StateStore,
} from '../../../core/index.ts';
import { type HeldTarget, readHeldGroups, readHeldOpen, readHeldTargets } from '../../store/held.ts';
import {
  type Acknowledgement,
  dropEscalation,
  type Escalation,
  endHold,
  readDueEscalations,
  saveEscalation,
} from '../../store/holds.ts';
import { insertMessage, type MessageBody } from '../../store/messages.ts';
import { insertEscalatedDelivery, insertMessageDelivery } from '../../store/outbox.ts';
import type { Channel } from '../channels/index.ts';
import type { People } from '../people/people.ts';
import { describeHold, type Hold } from '../silences/hold.ts';
import type { Holds } from '../silences/holds.ts';
import { linesOf } from './digest.ts';

const LOOK_EVERY_MS = 1000;
/** Ticks older than this: nobody watches, and the sign of life must not say otherwise. */
const SILENT_MS = 30_000;

export type DutiesOptions = {
  readonly store: StateStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly holds: Holds;
  readonly channels: () => ReadonlyMap<string, Channel>;
  readonly people: () => People;
  readonly acknowledgementOf: (alertId: string) => Acknowledgement | undefined;
  /** Wall-clock time of the newest tick that was judged; null before the first. */
  readonly lastTickMs: () => number | null;
  /** What is tried before people are told goes on. */
  readonly prehandle: () => Promise<void>;
  readonly wake: (channels: readonly string[]) => void;
  readonly onChange: () => void;
};

export class Duties {
  readonly counts = { escalations: 0, summaries: 0, heartbeats: 0, heartbeatsWithheld: 0 };
  readonly #options: DutiesOptions;
  readonly #lastBeatMs = new Map<string, number>();
  #cancel: CancelTimer = () => {};
  #running: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: DutiesOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#isClosed) return;
    this.#cancel = this.#options.clock.after(LOOK_EVERY_MS, () => {
      this.#running = this.#look().finally(() => this.start());
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel();
    await this.#running;
  }

  async #look(): Promise<void> {
    try {
      for (const hold of this.#options.holds.over(this.#options.clock.nowMs())) await this.endHold(hold);
      await this.#options.prehandle();
      await this.#escalate();
      await this.#beat();
    } catch (error) {
      this.#options.logger.error({ error: describeError(error) }, 'what is due could not be done; it is tried again');
    }
  }

  /** Lifts a hold, at its end or before, and tells once what it kept back. */
  async endHold(hold: Hold): Promise<void> {
    const { store, clock, holds, wake, onChange } = this.#options;
    const nowMs = clock.nowMs();
    const targets = await readHeldTargets(store, hold.id);
    const statements: Statement[] = [endHold(hold.id, nowMs)];
    for (const target of targets) {
      const key = `summary_${hold.id}_${target.channel}_${target.audience}`;
      statements.push(
        insertMessage(key, await this.#summary(hold, target), nowMs),
        insertMessageDelivery(key, target.channel, target.audience, nowMs),
      );
    }
    await store.write(statements);
    holds.delete(hold);
    this.counts.summaries += targets.length;
    wake(targets.map(({ channel }) => channel));
    onChange();
  }

  async #summary(hold: Hold, target: HeldTarget): Promise<MessageBody> {
    const { store } = this.#options;
    const groups = await readHeldGroups(store, hold.id, target);
    const open = await readHeldOpen(store, hold.id, target);
    const count = groups.reduce((sum, group) => sum + group.count, 0);
    const stands =
      open.length === 0
        ? 'all is well now'
        : `${open.length === SHOWN_OPEN ? `${open.length} or more` : open.length} still open`;
    const word = hold.kind === 'flap' ? 'It has kept still' : `The ${hold.kind} is over`;
    const priority = Math.min(6, ...groups.map((group) => group.priority));
    const status = open.length > 0 ? 'PROBLEM' : 'OK';
    return {
      kind: 'summary',
      status,
      priority,
      title: `[P${priority}][${status}] ${word}: ${count} events kept back, ${stands}`,
      lines: [
        describeHold(hold),
        ...open.map((event) => `still open: [P${event.priority}] ${event.rule} on ${event.endpoint}`),
        ...linesOf(groups),
      ],
      path: '/alerts',
      events: [...open],
      count,
    };
  }

  async #escalate(): Promise<void> {
    const { store, clock, wake } = this.#options;
    const nowMs = clock.nowMs();
    const due = await readDueEscalations(store, nowMs);
    if (due.length === 0) return;
    const woken: string[] = [];
    const statements = due.flatMap((escalation) => this.#step(escalation, woken, nowMs));
    await store.write(statements);
    this.counts.escalations += due.length;
    wake(woken);
  }

  #step(escalation: Escalation, woken: string[], nowMs: number): readonly Statement[] {
    const { alertId, sinceMs, team, step, eventKey } = escalation;
    const steps = this.#options.people().teams.get(team)?.escalation ?? [];
    const reached = steps[step];
    const known = this.#options.acknowledgementOf(alertId);
    if (reached === undefined || known?.sinceMs === sinceMs) return [dropEscalation(alertId, team)];
    woken.push(...reached.channels);
    const told = reached.channels.map((channel) =>
      insertEscalatedDelivery({ eventKey, channel, audience: `${team}/${step}` }, nowMs),
    );
    const next = steps[step + 1];
    if (next === undefined) return [...told, dropEscalation(alertId, team)];
    const dueAtMs = escalation.dueAtMs + Math.max(0, next.afterMs - reached.afterMs);
    return [...told, saveEscalation({ ...escalation, step: step + 1, dueAtMs })];
  }

  /** A dead-man's switch: its receiver raises the alarm when this message stays away. */
  async #beat(): Promise<void> {
    const { store, clock, channels, wake, lastTickMs } = this.#options;
    const nowMs = clock.nowMs();
    const due = [...channels().values()].filter(({ name, options }) => {
      return options.heartbeatMs > 0 && nowMs - (this.#lastBeatMs.get(name) ?? 0) >= options.heartbeatMs;
    });
    if (due.length === 0) return;
    for (const { name } of due) this.#lastBeatMs.set(name, nowMs);
    const tickMs = lastTickMs();
    if (tickMs === null || nowMs - tickMs > SILENT_MS) {
      this.counts.heartbeatsWithheld += due.length;
      return;
    }
    this.counts.heartbeats += due.length;
    await store.write(due.flatMap(({ name }) => heartbeat(name, nowMs)));
    wake(due.map(({ name }) => name));
  }
}

/** So many open alerts a summary names. */
const SHOWN_OPEN = 10;

function heartbeat(channel: string, nowMs: number): readonly Statement[] {
  const key = `heartbeat_${channel}_${nowMs}`;
  const body: MessageBody = {
    kind: 'heartbeat',
    status: 'OK',
    priority: 6,
    title: 'Saker watches: samples arrive and rules are judged',
    lines: [`at ${new Date(nowMs).toISOString()}`],
    path: '/alerts',
    events: [],
    count: 0,
  };
  return [
    dropWaitingHeartbeats(channel),
    insertMessage(key, body, nowMs),
    insertMessageDelivery(key, channel, '', nowMs),
  ];
}

/** A sign of life that could not be delivered is of no use later. */
function dropWaitingHeartbeats(channel: string): Statement {
  return {
    sql: `DELETE FROM alerting_delivery WHERE state = 'pending' AND channel = ? AND event_key LIKE 'heartbeat\\_%' ESCAPE '\\'`,
    params: [channel],
  };
}
