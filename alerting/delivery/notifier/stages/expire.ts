import type { Clock } from '../../../../core/index.ts';
import type { Stage } from '../stage.ts';

const HOURS_MAX = 24;

/** A message that nobody took for a day is given up, where everybody sees it. */
export function expireStage(clock: Clock): Stage {
  return (outgoing) => {
    const ageMs = clock.nowMs() - outgoing.createdAtMs;
    if (ageMs < HOURS_MAX * 3600 * 1000) return { kind: 'next', outgoing };
    return { kind: 'failed', reason: `not delivered within ${HOURS_MAX} h` };
  };
}
