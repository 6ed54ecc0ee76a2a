import type { Clock } from '../../../../core/index.ts';
import { describeHold } from '../../silences/hold.ts';
import type { Holds } from '../../silences/holds.ts';
import type { Stage } from '../stage.ts';

/** A silence that was set after the event holds for a message that still waits. */
export function holdStage(holds: Holds, clock: Clock): Stage {
  return (outgoing) => {
    const { content } = outgoing;
    const hold = content.kind === 'event' ? holds.of(content.event, clock.nowMs()) : undefined;
    // The event with which an alert began to flap is older than its hold, and is to be told.
    if (hold === undefined || hold.kind === 'flap') return { kind: 'next', outgoing };
    return { kind: 'held', hold: hold.id, reason: describeHold(hold) };
  };
}
