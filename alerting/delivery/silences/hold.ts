/**
 * A hold keeps messages back for a time: a silence that a person set, maintenance that was planned, a mask that a
 * change workflow set, or an alert that flaps. Judging goes on meanwhile and events are stored; only telling waits,
 * and at the end one summary says what happened.
 */
import type { AlertEvent, Tags } from '../../../core/index.ts';
import { globMatcher } from './glob.ts';

export const holdKinds = ['silence', 'maintenance', 'mask', 'flap'] as const;
export type HoldKind = (typeof holdKinds)[number];

/** What is left out matches all; `*` in texts stands for any run of characters. */
export type HoldMatcher = {
  readonly rule?: string;
  readonly endpoint?: string;
  readonly metric?: string;
  readonly tags?: Tags;
  /** Only alerts of this priority and the less urgent ones: the worst still wakes somebody. */
  readonly fromPriority?: number;
  /** One alert, by its id. */
  readonly alertId?: string;
};

export type Hold = {
  readonly id: string;
  readonly kind: HoldKind;
  readonly matcher: HoldMatcher;
  readonly reason: string;
  readonly owner: string;
  readonly startsAtMs: number;
  readonly endsAtMs: number;
};

export function matchesHold({ matcher }: Hold, event: AlertEvent): boolean {
  if (matcher.alertId !== undefined && matcher.alertId !== event.id) return false;
  if (matcher.fromPriority !== undefined && event.priority < matcher.fromPriority) return false;
  if (matcher.rule !== undefined && !globMatcher(matcher.rule)(event.rule)) return false;
  if (matcher.endpoint !== undefined && !globMatcher(matcher.endpoint)(event.endpoint)) return false;
  if (matcher.metric !== undefined && !globMatcher(matcher.metric)(event.condition.metric)) return false;
  return Object.entries(matcher.tags ?? {}).every(([key, value]) => globMatcher(value)(event.tags[key] ?? ''));
}

/** Why a message was kept back, for the person who asks. */
export function describeHold({ kind, owner, reason, endsAtMs }: Hold): string {
  return `${kind} by ${owner} until ${new Date(endsAtMs).toISOString().slice(0, 16)}Z: ${reason}`;
}
