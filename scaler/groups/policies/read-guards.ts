import type { GroupEntry } from '../schema.ts';
import { durationMs } from '../text/units.ts';
import { guardDefaults } from './defaults.ts';
import type { Guards, Policy, RateLimit } from './policy.ts';
import { shareOf } from './read-policies.ts';
import { readFreeze } from './read-schedule.ts';
import type { Tell } from './tell.ts';

type GuardEntries = Pick<GroupEntry, 'cooldown' | 'stabilise' | 'limits' | 'flaps' | 'quorum' | 'freeze'>;

/** The guards of a group. Thresholds count for themselves; what follows the work is stabilised. */
export function readGuards(entry: GuardEntries, policies: readonly Policy[], tell: Tell): Guards {
  const {
    cooldown,
    stabilise,
    limits,
    flaps = guardDefaults.flaps,
    quorum = guardDefaults.quorum,
    freeze = [],
  } = entry;
  const byWork = policies.some(({ kind }) => kind === 'target' || kind === 'work' || kind === 'occupancy');
  const [turns = '', period = ''] = flaps.split('/');
  const share = shareOf(quorum);
  if (share > 1) tell(['quorum'], 'is more than all', '"quorum: 50%"');
  return {
    cooldownMs: {
      add: durationMs(cooldown?.add ?? guardDefaults.cooldownAdd),
      remove: durationMs(cooldown?.remove ?? guardDefaults.cooldownRemove),
    },
    stabiliseMs: {
      up: durationMs(stabilise?.up ?? 0),
      down: durationMs(stabilise?.down ?? (byWork ? guardDefaults.stabiliseDownByWork : 0)),
    },
    limits: { add: (limits?.add ?? []).map(limitOf), remove: (limits?.remove ?? []).map(limitOf) },
    flaps: { max: Number(turns), periodMs: durationMs(period) },
    quorum: share,
    freezes: freeze.map((each, index) =>
      readFreeze(each, (path, ...rest) => tell(['freeze', index, ...path], ...rest)),
    ),
  };
}

/** `10%/10m`, `4/15s`. */
function limitOf(text: string): RateLimit {
  const [amount = '', period = ''] = text.split('/');
  return {
    unit: amount.endsWith('%') ? 'percent' : 'count',
    value: Number.parseFloat(amount),
    periodMs: durationMs(period),
  };
}
