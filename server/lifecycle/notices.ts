import { type Static, Type } from 'typebox';
import { isAppError, parserOf } from '../../core/index.ts';

/** What the server's process tells the one that started it, over their IPC channel. */
const noticeSchema = Type.Union([
  Type.Object({
    kind: Type.Literal('listening'),
    url: Type.String(),
    code: Type.Union([Type.String(), Type.Null()]),
    recoveredFrames: Type.Integer(),
  }),
  Type.Object({
    kind: Type.Literal('host'),
    host: Type.String(),
    cpuCount: Type.Integer(),
    cgroupVersion: Type.Integer(),
    docker: Type.Union([Type.String(), Type.Null()]),
    containers: Type.Integer(),
  }),
]);

export type ServerNotice = Static<typeof noticeSchema>;

const parse = parserOf(noticeSchema, 'BAD_REQUEST', 'notice');

/** The notice, or null when the message is something else. */
export function parseNotice(message: unknown): ServerNotice | null {
  try {
    return parse(message);
  } catch (error) {
    if (isAppError(error)) return null;
    throw error;
  }
}
