import { assert } from '../../../core/index.ts';
import { type Outbound, sendThrough } from '../../channels/index.ts';
import type { Stage } from '../stage.ts';

/** One attempt through the channel. The last stage: it decides. */
export function sendStage(outbound: Outbound): Stage {
  return ({ channel, text, url, event }) => {
    assert(channel && text !== undefined && url !== undefined, 'an addressed and composed message');
    return sendThrough(channel, { text, url, event }, outbound);
  };
}
