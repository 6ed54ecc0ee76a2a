/** A time as rules files write it: `300s`, `5m` or `1h`. */
import { formatSeconds, readSeconds } from '../../../core/index.ts';
import type { Fields } from './fields.ts';

const SECONDS_MAX = 7 * 24 * 3600;

/** In seconds; undefined where the key is absent, or after its fault was noted. */
export function readDuration(fields: Fields, key: string): number | undefined {
  const written = fields.written(key);
  if (written === undefined) return undefined;
  const seconds = written.text === '0' ? 0 : readSeconds(written.text);
  if (seconds !== undefined && seconds <= SECONDS_MAX) return seconds;
  const bare = /^\d{1,6}$/.test(written.text)
    ? `${written.text}s`
    : `300s, 5m or 1h (${formatSeconds(SECONDS_MAX)} at most)`;
  fields.faultAt(written.offset, `"${key}" is "${written.text}"; write ${bare}`);
  return undefined;
}
