import { describe, expect, test } from 'vitest';
import {
  AppError,
  ByteWriter,
  type Dictionary,
  encodeFrame,
  type Frame,
  type MessageType,
  open,
  openJson,
  seal,
  sealJson,
  silentLogger,
  VirtualClock,
} from '../../core/index.ts';
import { Ring } from '../ring/ring.ts';
import { dictionaryOf, frameOf, START_SECOND } from '../testing/frames.ts';
import { CollectorSession } from './collector-session.ts';
import { Enrolment } from './enrolment.ts';
import { Intake } from './intake.ts';

type Sent = { readonly type: MessageType; readonly body: unknown };

/** A server end with a clock that stands at the start second. */
function server() {
  const clock = new VirtualClock(START_SECOND * 1000 + 5000);
  const ring = new Ring({ seriesMax: 100 });
  const intake = new Intake({ ring, clock, listeners: [], log: { append: () => Promise.resolve() } });
  const enrolment = new Enrolment(clock);
  const kept: string[] = [];
  const connect = () => {
    const sent: Sent[] = [];
    const closed: string[] = [];
    const session = new CollectorSession({
      socket: {
        send: (message) => {
          const { type, body } = open(message);
          sent.push({ type, body: openJson(body) });
        },
        close: (reason) => closed.push(reason),
      },
      intake,
      ring,
      clock,
      logger: silentLogger,
      enrol: (hello, self) => enrolment.enrol(hello, self),
      onDescribed: () => {},
      fleet: { welcomed: () => {}, reported: () => {}, inventoried: () => {} },
      takeEvents: async (collector, events) => {
        if (events.some(({ kind }) => kind === 'unkept')) throw new AppError('STATE_STORE', 'the disk is full');
        for (const event of events) kept.push(`${collector} ${event.id}`);
      },
      identify: async (collector) => {
        if (collector === 'stolen') throw new AppError('TOKEN_REFUSED', 'this token belongs to another');
      },
    });
    return { session, sent, closed };
  };
  return { clock, ring, connect, kept };
}

const json = (type: MessageType, body: object): Uint8Array => sealJson(new ByteWriter(), type, body).slice();
const hello = (bootEpoch = 1000, collector = 'h1') =>
  json('hello', { collector, bootEpoch, version: '0', nowMs: START_SECOND * 1000 });
const frameMessage = (frame: Frame, dictionary: Dictionary, base: Frame | null = null): Uint8Array =>
  seal(new ByteWriter(), 'frame', (writer) => encodeFrame(writer, frame, dictionary, base)).slice();
const settled = () => new Promise((resolve) => setImmediate(resolve));

function sendDictionary(session: CollectorSession, dictionary: Dictionary): void {
  for (const chunk of dictionary.chunks()) session.receive(json('dictionary', chunk));
}

const event = (id: string, kind = 'oom_kill') => ({
  id,
  kind,
  severity: 'critical',
  atMs: START_SECOND * 1000,
  endpoint: 'h1/web',
  text: 'a task was killed',
  line: 'Killed process 7',
  facts: { process: 'java' },
});

describe('collector session', () => {
  test('keeps events and acknowledges them when they are durable', async () => {
    const { connect, kept } = server();
    const { session, sent } = connect();
    session.receive(hello());
    await settled();
    session.receive(json('events', { batch: 1, events: [event('b-1'), event('b-2')] }));
    await settled();
    expect(kept).toEqual(['h1 b-1', 'h1 b-2']);
    expect(sent.at(-1)).toEqual({ type: 'eventsTaken', body: { batch: 1 } });
  });

  test.each([
    ['that could not be kept', { batch: 1, events: [event('b-1', 'unkept')] }, 'STATE_STORE'],
    ['without an id', { batch: 1, events: [{ ...event('b-1'), id: '' }] }, 'FRAME_INVALID'],
    ['beyond a hundred', { batch: 1, events: Array.from({ length: 101 }, () => event('b-1')) }, 'FRAME_INVALID'],
  ])('ends a connection with events %s, so that they come again', async (_, body, code) => {
    const { connect } = server();
    const { session, sent, closed } = connect();
    session.receive(hello());
    await settled();
    session.receive(json('events', body));
    await settled();
    expect(sent.at(-1)).toMatchObject({ type: 'refusal', body: { code } });
    expect(closed).toEqual([code]);
  });

  test('welcomes, takes frames, and acknowledges exactly those that are durable', async () => {
    const { ring, connect } = server();
    const { session, sent } = connect();
    const dictionary = dictionaryOf(2);
    session.receive(hello());
    await settled();
    sendDictionary(session, dictionary);
    const first = frameOf({ seq: 1, samples: [1, 2] });
    session.receive(frameMessage(first, dictionary));
    session.receive(frameMessage(frameOf({ seq: 2, samples: [1, 3] }), dictionary, first));
    await settled();
    expect(sent.map(({ type, body }) => [type, (body as { seq?: number }).seq])).toStrictEqual([
      ['welcome', undefined],
      ['ack', 1],
      ['ack', 2],
    ]);
    expect(ring.find('h1')?.newestSecond).toBe(START_SECOND + 2);
  });

  test('tells a collector that reconnects what it need not send again', async () => {
    const { connect } = server();
    const before = connect();
    const dictionary = dictionaryOf(1);
    before.session.receive(hello());
    await settled();
    sendDictionary(before.session, dictionary);
    for (const seq of [1, 2, 4]) before.session.receive(frameMessage(frameOf({ seq, samples: [seq] }), dictionary));
    await settled();
    const after = connect();
    after.session.receive(hello());
    await settled();
    expect(after.sent[0]).toMatchObject({ type: 'welcome', body: { ackedSeq: 2 } });
    expect(before.closed).toStrictEqual(['CONFLICT']);
  });

  test('refuses a second live collector of the same name, until the first is silent', async () => {
    const { clock, connect } = server();
    connect().session.receive(hello(1000));
    await settled();
    const second = connect();
    second.session.receive(hello(2000));
    await settled();
    expect(second.closed).toStrictEqual(['IDENTITY_TAKEN']);
    await clock.advance(6000);
    const third = connect();
    third.session.receive(hello(2000));
    await settled();
    expect(third.sent[0]?.type).toBe('welcome');
  });

  test('refuses a name that the connection’s token does not have, and a frame before the welcome', async () => {
    const { session, closed } = server().connect();
    session.receive(hello(1000, 'stolen'));
    await settled();
    expect(closed).toStrictEqual(['TOKEN_REFUSED']);
    const hasty = server().connect();
    hasty.session.receive(hello());
    hasty.session.receive(frameMessage(frameOf({ seq: 1, samples: [1] }), dictionaryOf(1)));
    expect(hasty.closed).toStrictEqual(['FRAME_INVALID']);
  });

  test.each([
    ['a frame before hello', () => frameMessage(frameOf({ seq: 1, samples: [1] }), dictionaryOf(1)), 'FRAME_INVALID'],
    ['bytes that are no message', () => new Uint8Array([1, 2, 3]), 'FRAME_INVALID'],
    ['a message type that only a server sends', () => json('ack', {}), 'FRAME_INVALID'],
    [
      'an unknown field in hello',
      () => json('hello', { collector: 'h', bootEpoch: 1, version: '', nowMs: 1, root: true }),
      'FRAME_INVALID',
    ],
    [
      'a clock that is an hour ahead',
      () => json('hello', { collector: 'h', bootEpoch: 1, version: '', nowMs: (START_SECOND + 3600) * 1000 }),
      'FRAME_INVALID',
    ],
  ])('ends the connection on %s', (_, message, code) => {
    const { session, sent, closed } = server().connect();
    session.receive(message());
    expect(closed).toStrictEqual([code]);
    expect(sent.at(-1)).toMatchObject({ type: 'refusal', body: { code, fatal: true } });
  });

  test('believes nobody who speaks for another collector', async () => {
    const { ring, connect } = server();
    const { session, closed } = connect();
    session.receive(hello());
    await settled();
    const dictionary = dictionaryOf(1);
    sendDictionary(session, dictionary);
    session.receive(frameMessage(frameOf({ seq: 1, samples: [1], collector: 'h2' }), dictionary));
    expect(closed).toStrictEqual(['FRAME_INVALID']);
    expect([...ring.endpoints()]).toHaveLength(0);
  });
});
