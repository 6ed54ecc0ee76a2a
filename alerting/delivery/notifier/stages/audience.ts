import type { Clock } from '../../../../core/index.ts';
import { peopleOf } from '../../people/on-call.ts';
import type { People } from '../../people/people.ts';
import type { Stage } from '../stage.ts';

/** Finds the people of a team's step as they are on duty now: a message that was late finds who is there. */
export function audienceStage(people: () => People, clock: Clock): Stage {
  return (outgoing) => {
    if (outgoing.audience === '') return { kind: 'next', outgoing: { ...outgoing, recipients: [] } };
    const known = people();
    const names = peopleOf(known, outgoing.audience, clock.nowMs());
    const recipients = names.flatMap((name) => known.users.get(name) ?? []);
    const needsPeople = outgoing.channel?.transport.needsRecipients === true;
    if (recipients.length > 0 || !needsPeople) return { kind: 'next', outgoing: { ...outgoing, recipients } };
    return { kind: 'refused', reason: `nobody is on duty for ${outgoing.audience}` };
  };
}
