/** What people can do about alerts and messages, through the API, the console, the command line and links. */
import { createHash } from 'node:crypto';
import {
  type AlertEvent,
  AppError,
  type ChannelTestAnswer,
  type Clock,
  type DeadLetter,
  type MessageMembersAnswer,
  type OnCallAnswer,
  type PreviewAnswer,
  type PreviewRequest,
  type Silence,
  type SilenceRequest,
  type StateStore,
} from '../../core/index.ts';
import { type Acknowledgement, saveAcknowledgement, saveHold } from '../store/holds.ts';
import type { MessageBody } from '../store/messages.ts';
import {
  readAlertEvent,
  readDeadLetters,
  readEvent,
  readFailedChannel,
  readMembers,
  resendDelivery,
} from '../store/operations.ts';
import { unknownPlaceholder } from './channels/message/body-template.ts';
import type { Picture, Pictures } from './evidence/pictures.ts';
import { type LinkPurpose, readLink, type SignedLink } from './links/links.ts';
import type { Duties } from './notifier/duties.ts';
import type { ChannelState, Notifier } from './notifier/notifier.ts';
import { type ComposeOptions, composeMessage, wordMessage } from './notifier/stages/compose.ts';
import { onCall } from './people/on-call.ts';
import type { Hold } from './silences/hold.ts';
import { HOLDS_MAX, type Holds } from './silences/holds.ts';

/** A silence that nobody ends is a rule that nobody has. */
const SILENCE_MS_MAX = 90 * 24 * 3600 * 1000;

export type OperationsOptions = {
  readonly store: StateStore;
  readonly clock: Clock;
  readonly secret: string;
  readonly holds: Holds;
  readonly acknowledgements: Map<string, Acknowledgement>;
  readonly notifier: Notifier;
  readonly compose: ComposeOptions;
  readonly pictures: Pictures;
  readonly duties: Duties;
  readonly onChange: () => void;
};

export class Operations {
  readonly #options: OperationsOptions;

  constructor(options: OperationsOptions) {
    this.#options = options;
  }

  get nowMs(): number {
    return this.#options.clock.nowMs();
  }

  silences(): Silence[] {
    return [...this.#options.holds.all].map((hold) => ({ ...hold, matcher: { ...hold.matcher } }));
  }

  /** Durable when it resolves, and in force at once when it has begun. Rejects with `BAD_REQUEST`. */
  async silence(request: SilenceRequest, owner: string): Promise<Silence> {
    const { store, clock, holds, onChange } = this.#options;
    const nowMs = clock.nowMs();
    const { matcher, reason, endsAtMs, startsAtMs = nowMs, kind = 'silence' } = request;
    const wrong = (message: string, where: string) => new AppError('BAD_REQUEST', message, { where });
    if (endsAtMs <= Math.max(nowMs, startsAtMs)) throw wrong('a silence must end after it begins', 'endsAtMs');
    if (endsAtMs - nowMs > SILENCE_MS_MAX)
      throw wrong('a silence ends within 90 days; change the rule instead', 'endsAtMs');
    const id =
      request.id ??
      `${kind}_${nowMs}_${createHash('sha256').update(JSON.stringify(request)).digest('hex').slice(0, 8)}`;
    if (holds.get(id) === undefined && !holds.hasRoom) {
      throw new AppError('CONFLICT', `${HOLDS_MAX} silences are in force already`, { hint: 'lift some of them' });
    }
    const hold: Hold = { id, kind, matcher, reason, owner, startsAtMs, endsAtMs };
    await store.write([saveHold(hold)]);
    holds.set(hold);
    onChange();
    return { ...hold, matcher: { ...matcher } };
  }

  /** Ends a silence before its time, and tells what it kept back. Rejects with `NOT_FOUND`. */
  async lift(id: string): Promise<void> {
    const hold = this.#options.holds.get(id);
    if (hold === undefined) throw new AppError('NOT_FOUND', `there is no silence ${id}`);
    await this.#options.duties.endHold(hold);
  }

  /** Somebody looks after an incident: it is not escalated, and its repetitions are kept back. Rejects with `NOT_FOUND`. */
  async acknowledge(alertId: string, by: string): Promise<Acknowledgement> {
    const { store, clock, acknowledgements, onChange } = this.#options;
    const event = await readAlertEvent(store, alertId);
    if (event === undefined) throw new AppError('NOT_FOUND', 'there is no such alert');
    if (event.status === 'OK') throw new AppError('CONFLICT', 'the alert is over; there is nothing to acknowledge');
    const known = acknowledgements.get(alertId);
    if (known?.sinceMs === event.sinceMs) return known;
    const acknowledgement = { alertId, sinceMs: event.sinceMs, by, atMs: clock.nowMs() };
    await store.write(saveAcknowledgement(acknowledgement));
    acknowledgements.set(alertId, acknowledgement);
    onChange();
    return acknowledgement;
  }

  channels(): ChannelState[] {
    return [...this.#options.notifier.states];
  }

  /** Sends a message to one channel now, past the outbox, and says what happened at each station. */
  async test(name: string, by: string): Promise<ChannelTestAnswer> {
    const { notifier, clock } = this.#options;
    if (!notifier.channels.has(name)) throw new AppError('NOT_FOUND', `the rules file has no channel "${name}"`);
    const nowMs = clock.nowMs();
    const body: MessageBody = {
      kind: 'test',
      status: 'OK',
      priority: 6,
      title: `Saker: a test of channel ${name}`,
      lines: [
        `${by} pressed the button at ${new Date(nowMs).toISOString()}`,
        'If you read this, messages arrive here.',
      ],
      path: '/alerts',
      events: [],
      count: 0,
    };
    const hops = await notifier.trace({ kind: 'message', key: `test_${name}_${nowMs}`, body }, name);
    return { delivered: hops.every(({ passed }) => passed), hops };
  }

  /** What templates make of a real event. Rejects with `BAD_REQUEST` for a placeholder that nobody knows. */
  async preview({ title, text, eventKey }: PreviewRequest): Promise<PreviewAnswer> {
    const { store, compose, clock } = this.#options;
    for (const [where, template] of Object.entries({ title, text })) {
      const fault = template === undefined ? undefined : unknownPlaceholder(template);
      if (fault !== undefined) throw new AppError('BAD_REQUEST', fault, { where });
    }
    const event = await readEvent(store, eventKey ?? null);
    if (event === undefined) {
      throw new AppError(
        'NOT_FOUND',
        eventKey === undefined ? 'there has been no event yet' : 'there is no such event',
      );
    }
    const composing = { ...compose, recipients: [], by: 'preview', createdAtMs: clock.nowMs() };
    const message = wordMessage(composeMessage({ kind: 'event', event }, composing), { title, text });
    return { eventKey: event.key, title: message.title, lines: [...message.lines], text: message.text };
  }

  deadLetters(limit: number): Promise<DeadLetter[]> {
    return readDeadLetters(this.#options.store, limit);
  }

  /** Rejects with `NOT_FOUND` for a message that was not given up. */
  async resend(sequence: number): Promise<void> {
    const { store, clock, notifier, onChange } = this.#options;
    const channel = await readFailedChannel(store, sequence);
    if (channel === undefined) throw new AppError('NOT_FOUND', `message ${sequence} was not given up`);
    await store.write([resendDelivery(sequence, clock.nowMs())]);
    notifier.wake([channel]);
    onChange();
  }

  members(key: string, after: number): Promise<MessageMembersAnswer> {
    return readMembers(this.#options.store, key, after);
  }

  onCall(): OnCallAnswer['rotations'] {
    const nowMs = this.nowMs;
    return [...this.#options.notifier.people.rotations.values()].map((rotation) => {
      const duty = onCall(rotation, nowMs);
      const nobody = { user: null, untilMs: null, reason: 'nobody is on duty' };
      return { rotation: rotation.name, ...(duty === null ? nobody : duty) };
    });
  }

  /** The picture of an event, by its key. Rejects with `NOT_FOUND` and `TOO_MANY_REQUESTS`. */
  async picture(eventKey: string, form: 'png' | 'svg'): Promise<Picture> {
    const event = await readEvent(this.#options.store, eventKey);
    if (event === undefined) throw new AppError('NOT_FOUND', 'there is no such event');
    return this.#options.pictures.draw(event, form);
  }

  /** The same behind a signed link. */
  async openPicture(token: string): Promise<Picture> {
    const { event } = await this.openLink(token, ['chart']);
    return this.#options.pictures.draw(event, 'png');
  }

  /** What a signed link is about. Rejects with `FORBIDDEN`, or `NOT_FOUND` when the event is too old to be known. */
  async openLink(token: string, purposes: readonly LinkPurpose[]): Promise<OpenedLink> {
    const { store, clock, secret } = this.#options;
    const link = readLink(secret, token, clock.nowMs());
    if (!purposes.includes(link.purpose)) throw new AppError('FORBIDDEN', 'this link is for something else');
    const event = await readEvent(store, link.eventKey);
    if (event === undefined) throw new AppError('NOT_FOUND', 'this alert is too old to be known still');
    return { link, event };
  }

  /** Acts on a link, as its page's button asks. `silenceMs` and `reason` are for a link that silences. */
  async useLink(token: string, form: LinkForm): Promise<OpenedLink & { readonly done: string }> {
    const { link, event } = await this.openLink(token, ['acknowledge', 'silence']);
    const by = link.by === '' ? 'a link in a message' : `${link.by} (link in a message)`;
    if (link.purpose === 'acknowledge') {
      const { by: who } = await this.acknowledge(event.id, by);
      return { link, event, done: `acknowledged by ${who}` };
    }
    const reason = form.reason.trim();
    if (reason.length < 3) throw new AppError('BAD_REQUEST', 'say in a few words why', { where: 'reason' });
    const silenceMs = Math.min(Math.max(form.silenceMs, 60_000), LINK_SILENCE_MS_MAX);
    const endsAtMs = this.nowMs + silenceMs;
    await this.silence({ id: `link_${event.id}`.slice(0, 128), matcher: { alertId: event.id }, reason, endsAtMs }, by);
    return {
      link,
      event,
      done: `silenced until ${new Date(endsAtMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    };
  }
}

/** Longer silences are set by somebody who is signed in. */
const LINK_SILENCE_MS_MAX = 24 * 3600 * 1000;

export type OpenedLink = { readonly link: SignedLink; readonly event: AlertEvent };
export type LinkForm = { readonly silenceMs: number; readonly reason: string };
