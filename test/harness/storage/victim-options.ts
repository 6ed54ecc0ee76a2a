import { join } from 'node:path';

/** What victim and killer must agree on: where things are, and segments so small that many come and go. */
export const optionsOf = (folder: string) => ({
  directory: join(folder, 'log'),
  blocksDirectory: join(folder, 'blocks'),
  seriesMax: 1000,
  segmentBytesMax: 8 * 1024,
});
