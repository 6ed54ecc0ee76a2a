export { ByteReader, ByteWriter } from './bytes.ts';
export { Dictionary } from './dictionary.ts';
export { type Message, type MessageType, open, openJson, seal, sealJson } from './envelope.ts';
export { compareFrames, type Frame, isPushedBy, PUSHED_BY } from './frame.ts';
export { decodeFrame, encodeFrame, type FrameHeader } from './frame-codec.ts';
export * from './messages/limits.ts';
export * from './messages/schemas.ts';
export * from './messages/server-messages.ts';
