/** Messages that are not one event: composed once, stored, then sent as they were stored. */
import { type Static, Type } from 'typebox';
import { AppError, alertEventSchema, parserOf, type Statement, type StateStore } from '../../core/index.ts';
import { textOf } from './rows.ts';

/** What is stored of a message; channels, people and links are added when it is sent. */
const bodySchema = Type.Object(
  {
    kind: Type.Union([
      Type.Literal('digest'),
      Type.Literal('summary'),
      Type.Literal('report'),
      Type.Literal('heartbeat'),
      Type.Literal('test'),
    ]),
    status: Type.Union([Type.Literal('PROBLEM'), Type.Literal('OK')]),
    priority: Type.Integer(),
    title: Type.String(),
    lines: Type.Array(Type.String()),
    /** Under the console's address, beginning with `/`. */
    path: Type.String(),
    events: Type.Array(alertEventSchema),
    count: Type.Integer(),
  },
  { additionalProperties: false },
);

export type MessageBody = Static<typeof bodySchema>;

const parseBody = parserOf(bodySchema, 'STATE_STORE', 'a stored message');

export function insertMessage(key: string, body: MessageBody, nowMs: number): Statement {
  return {
    sql: 'INSERT OR IGNORE INTO alerting_message (key, body, created_at_ms) VALUES (?, ?, ?)',
    params: [key, JSON.stringify(body), nowMs],
  };
}

/** Rejects with `STATE_STORE` when there is none. */
export async function readMessage(store: StateStore, key: string): Promise<MessageBody> {
  const [row] = await store.read({ sql: 'SELECT body FROM alerting_message WHERE key = ?', params: [key] });
  if (row === undefined) throw new AppError('STATE_STORE', `message ${key} is not in the outbox any more`);
  return parseBody(JSON.parse(textOf(row, 'body')));
}
