import { crc32 } from 'node:zlib';
import { AppError } from '../errors.ts';
import type { ByteWriter } from './bytes.ts';
import { MESSAGE_BYTES_MAX } from './messages/limits.ts';

const FORMAT_VERSION = 1;
const ENVELOPE_BYTES = 8;

const messageTypes = {
  hello: 1,
  welcome: 2,
  dictionary: 3,
  frame: 4,
  ack: 5,
  refusal: 6,
  monitors: 7,
  report: 8,
  inventory: 9,
  events: 10,
  eventsTaken: 11,
} as const;
export type MessageType = keyof typeof messageTypes;

const typeByNumber = new Map<number, MessageType>(
  (Object.keys(messageTypes) as MessageType[]).map((name) => [messageTypes[name], name]),
);

/**
 * Wraps a body: version, type, and a CRC-32 over everything but itself, the header included.
 * `writeBody` appends the body to the writer, which is reset first.
 * Throws `FRAME_TOO_LARGE` when the message would exceed `MESSAGE_BYTES_MAX`.
 */
export function seal(writer: ByteWriter, type: MessageType, writeBody: (writer: ByteWriter) => void): Uint8Array {
  writer.reset();
  writer.u8(FORMAT_VERSION);
  writer.u8(messageTypes[type]);
  writer.u8(0);
  writer.u8(0);
  writer.u32(0);
  writeBody(writer);
  if (writer.length > MESSAGE_BYTES_MAX) {
    throw new AppError('FRAME_TOO_LARGE', `a ${type} message of ${writer.length} bytes`, {
      hint: `split it: ${MESSAGE_BYTES_MAX} bytes at most`,
    });
  }
  const message = writer.written();
  writer.patchU32(4, checksum(message));
  return message;
}

export function sealJson(writer: ByteWriter, type: MessageType, body: object): Uint8Array {
  return seal(writer, type, (into) => into.bytes(Buffer.from(JSON.stringify(body), 'utf8')));
}

export type Message = { readonly type: MessageType; readonly body: Uint8Array };

/** Checks and opens an envelope. The body is a view of `message`. Throws `FRAME_INVALID`. */
export function open(message: Uint8Array): Message {
  if (message.length < ENVELOPE_BYTES) throw new AppError('FRAME_INVALID', `a message of ${message.length} bytes`);
  if (message.length > MESSAGE_BYTES_MAX) throw new AppError('FRAME_TOO_LARGE', `a message of ${message.length} bytes`);
  if (message[0] !== FORMAT_VERSION) {
    throw new AppError('FRAME_INVALID', `format version ${message[0]}`, {
      hint: `this build speaks ${FORMAT_VERSION}`,
    });
  }
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  if (view.getUint32(4, true) !== checksum(message)) throw new AppError('FRAME_INVALID', 'a checksum does not fit');
  const type = typeByNumber.get(message[1] as number);
  if (type === undefined) throw new AppError('FRAME_INVALID', `message type ${message[1]}`);
  return { type, body: message.subarray(ENVELOPE_BYTES) };
}

/** Parses a JSON body. Throws `FRAME_INVALID`. */
export function openJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'));
  } catch (cause) {
    throw new AppError('FRAME_INVALID', 'a body is not JSON', { cause });
  }
}

function checksum(message: Uint8Array): number {
  return crc32(message.subarray(ENVELOPE_BYTES), crc32(message.subarray(0, 4)));
}
