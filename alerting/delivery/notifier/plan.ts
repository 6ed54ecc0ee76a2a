/**
 * Who is told of an event, through what and when, and what keeps a message back: one decision, made when the event
 * becomes durable and stored with it, so that "why was I (not) paged" has an answer.
 */
import type { AlertEvent, Statement } from '../../../core/index.ts';
import type { DeliveryPlan } from '../../store/alert-rows.ts';
import { type Acknowledgement, dropEscalation, saveEscalation, saveHold } from '../../store/holds.ts';
import type { PlannedDelivery } from '../../store/outbox.ts';
import type { Channel } from '../channels/index.ts';
import type { People, Team } from '../people/people.ts';
import type { Prehandler } from '../prehandling/prehandler.ts';
import { type Flapping, STEADY_MS } from '../silences/flapping.ts';
import { describeHold, type Hold } from '../silences/hold.ts';
import type { Holds } from '../silences/holds.ts';

export type PlanContext = {
  readonly channels: ReadonlyMap<string, Channel>;
  readonly people: People;
  readonly holds: Holds;
  readonly flapping: Flapping;
  /** Something is tried before people are told. */
  readonly prehandler: Pick<Prehandler, 'attempt' | 'recovered'>;
  readonly acknowledgementOf: (alertId: string) => Acknowledgement | undefined;
};

type Target = { readonly channel: string; readonly audience: string };

/** `names` are channels and teams. Notes the event with `flapping`, and a hold for an alert that begins to flap. */
export function planDeliveries(
  event: AlertEvent,
  names: readonly string[],
  context: PlanContext,
  nowMs: number,
): DeliveryPlan {
  const teams = names.flatMap((name) => context.people.teams.get(name) ?? []);
  const targets = uniqueTargets([
    ...names.filter((name) => !context.people.teams.has(name)).map((channel) => ({ channel, audience: '' })),
    ...teams.flatMap((team) => targetsOfTeam(team, event)),
  ]);
  const flap = flapHold(event, context, nowMs);
  const kept = heldBy(event, context, nowMs, flap);
  const attempt = kept === null && targets.length > 0 ? context.prehandler.attempt(event, nowMs) : undefined;
  const held = kept ?? attempt ?? context.prehandler.recovered(event, nowMs) ?? null;
  return {
    deliveries: targets.map((target) => ({ ...target, notBeforeMs: notBefore(target, event, context, nowMs), held })),
    statements: [
      ...escalations(event, teams, nowMs + (attempt?.waitMs ?? 0)),
      ...(flap === undefined ? [] : [saveHold(flap.hold)]),
      ...(attempt === undefined ? [] : [attempt.statement]),
    ],
  };
}

/** The steps that an incident of this age has reached: who heard of a PROBLEM hears of its end. */
function targetsOfTeam(team: Team, event: AlertEvent): readonly Target[] {
  const ageMs = event.eventTimeMs - event.sinceMs;
  const steps = team.escalation.flatMap(({ afterMs, channels }, index) =>
    afterMs <= ageMs ? channels.map((channel) => ({ channel, audience: `${team.name}/${index}` })) : [],
  );
  return [...team.channels.map((channel) => ({ channel, audience: '' })), ...steps];
}

function uniqueTargets(targets: readonly Target[]): readonly Target[] {
  return [...new Map(targets.map((target) => [`${target.channel} ${target.audience}`, target])).values()];
}

/** Messages that wait for others leave together at the next full turn of that wait, as Open-Falcon's combiner runs. */
function notBefore({ channel }: Target, { priority }: AlertEvent, { channels }: PlanContext, nowMs: number): number {
  const options = channels.get(channel)?.options;
  const waitMs = Math.max(options?.groupWaitMs ?? 0, priority >= LOW_PRIORITY ? (options?.mergeLowMs ?? 0) : 0);
  return waitMs === 0 ? 0 : Math.ceil((nowMs + 1) / waitMs) * waitMs;
}

/** Open-Falcon's low queue begins here. */
export const LOW_PRIORITY = 3;

function heldBy(event: AlertEvent, context: PlanContext, nowMs: number, flap?: FlapHold): PlannedDelivery['held'] {
  const hold = context.holds.of(event, nowMs);
  const begins = flap?.begins === true && hold?.id === flap.hold.id;
  // The event with which an alert begins to flap is told, and says so; those after it wait.
  if (hold !== undefined && !begins) return { hold: hold.id, reason: describeHold(hold) };
  const acknowledged = acknowledgement(event, context);
  if (acknowledged === undefined) return null;
  return { hold: null, reason: `acknowledged by ${acknowledged.by} at ${new Date(acknowledged.atMs).toISOString()}` };
}

/** Only what repeats a PROBLEM is spared those who know of it. */
function acknowledgement({ id, status, sinceMs, currentStep }: AlertEvent, { acknowledgementOf }: PlanContext) {
  if (status === 'OK' || currentStep === 1) return undefined;
  const found = acknowledgementOf(id);
  return found?.sinceMs === sinceMs ? found : undefined;
}

type FlapHold = { readonly hold: Hold; readonly begins: boolean };

/** The hold of an alert that flaps, new or made longer; it ends when nothing has changed for a while. */
function flapHold(event: AlertEvent, { flapping, holds }: PlanContext, nowMs: number): FlapHold | undefined {
  if (!flapping.note(event) || !holds.hasRoomForFlap) return undefined;
  const known = holds.flapOf(event.id);
  const hold: Hold = {
    id: known?.id ?? `flap_${event.key}`,
    kind: 'flap',
    matcher: { alertId: event.id },
    reason: `${event.rule} on ${event.endpoint} changes too often`,
    owner: 'saker',
    startsAtMs: known?.startsAtMs ?? nowMs,
    endsAtMs: nowMs + STEADY_MS,
  };
  holds.set(hold);
  return { hold, begins: known === undefined };
}

function escalations(event: AlertEvent, teams: readonly Team[], nowMs: number): readonly Statement[] {
  if (event.status === 'OK') return teams.some(hasLaterStep) ? [dropEscalation(event.id)] : [];
  if (event.currentStep > 1) return [];
  return teams.flatMap(({ name: team, escalation }) => {
    const step = escalation.findIndex(({ afterMs }) => afterMs > 0);
    const afterMs = escalation[step]?.afterMs;
    if (afterMs === undefined) return [];
    const { id: alertId, sinceMs, key: eventKey } = event;
    return [saveEscalation({ alertId, sinceMs, team, step, eventKey, dueAtMs: nowMs + afterMs })];
  });
}

const hasLaterStep = ({ escalation }: Team): boolean => escalation.some(({ afterMs }) => afterMs > 0);
