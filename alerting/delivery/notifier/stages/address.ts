import type { Channel } from '../../channels/index.ts';
import type { Stage } from '../stage.ts';

/** Finds the channel as the rules file has it now: a corrected address holds for what waits already. */
export function addressStage(channels: () => ReadonlyMap<string, Channel>): Stage {
  return (outgoing) => {
    const channel = channels().get(outgoing.channelName);
    if (channel !== undefined) return { kind: 'next', outgoing: { ...outgoing, channel } };
    return { kind: 'failed', reason: `the rules file has no channel "${outgoing.channelName}" any more` };
  };
}
