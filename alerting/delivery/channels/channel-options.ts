/** What every channel may say, whatever its kind: how messages are gathered and worded. */

import { readDuration } from '../../rules/read/duration.ts';
import type { Fields } from '../../rules/read/fields.ts';
import { unknownPlaceholder } from './message/body-template.ts';

export type ChannelOptions = {
  /** Messages wait so long for others of their kind before they leave. */
  readonly groupWaitMs: number;
  /** The same for priorities 3 to 6 (Open-Falcon's merge). */
  readonly mergeLowMs: number;
  /** When more than so many messages wait at once, they leave as one digest. */
  readonly digestAbove: number;
  /** Sends that this server lives, so often; 0 for never. */
  readonly heartbeatMs: number;
  readonly title: string | undefined;
  readonly text: string | undefined;
};

export const optionKeys = ['group_wait', 'merge_low', 'digest_above', 'heartbeat', 'title', 'text'] as const;

/** Open-Falcon's combiner runs every minute. */
const MERGE_LOW_SECONDS = 60;
/** A handful is read one by one; more is a storm. */
const DIGEST_ABOVE = 5;
const TEMPLATE_MAX = 2000;

export function readOptions(fields: Fields, mergesLow: boolean): ChannelOptions {
  return {
    groupWaitMs: (readDuration(fields, 'group_wait') ?? 0) * 1000,
    mergeLowMs: (readDuration(fields, 'merge_low') ?? (mergesLow ? MERGE_LOW_SECONDS : 0)) * 1000,
    digestAbove: fields.integer('digest_above', { min: 1, max: 1000 }) ?? DIGEST_ABOVE,
    heartbeatMs: (readDuration(fields, 'heartbeat') ?? 0) * 1000,
    title: readTemplate(fields, 'title'),
    text: readTemplate(fields, 'text'),
  };
}

function readTemplate(fields: Fields, key: string): string | undefined {
  const written = fields.written(key, { max: TEMPLATE_MAX });
  if (written === undefined) return undefined;
  const fault = unknownPlaceholder(written.text);
  if (fault !== undefined) fields.faultAt(written.offset, fault);
  return written.text;
}
