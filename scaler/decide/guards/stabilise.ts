/**
 * HPA's stabilisation (`autoscaling.md` A1, stage 3): more only as far as the least that was wished
 * within `up`, fewer only as far as the most within `down`. A band around what runs, not a choice of
 * direction. Before `down` has been watched in full, nothing goes: a start is no evidence of calm.
 */
import type { Guards } from '../../groups/policies/policy.ts';
import type { PolicyState, Wishes } from '../state.ts';

/** A window is remembered in so many stretches, each as the least and the most of it. */
const STRETCHES = 60;

export function remember(state: PolicyState, guards: Guards, wish: number, nowMs: number): PolicyState {
  const windowMs = Math.max(guards.stabiliseMs.up, guards.stabiliseMs.down);
  if (windowMs === 0) return state;
  const newest = state.wishes.at(-1);
  // The wall clock was set back: what lies ahead of it is forgotten.
  if (newest !== undefined && newest.fromMs > nowMs) {
    return { ...state, wishes: [{ fromMs: nowMs, least: wish, most: wish }], wishedSinceMs: nowMs };
  }
  const wishedSinceMs = state.wishedSinceMs ?? nowMs;
  if (newest !== undefined && nowMs - newest.fromMs < windowMs / STRETCHES) {
    if (wish >= newest.least && wish <= newest.most) return state;
    const wider = { ...newest, least: Math.min(newest.least, wish), most: Math.max(newest.most, wish) };
    return { ...state, wishes: [...state.wishes.slice(0, -1), wider], wishedSinceMs };
  }
  const kept = state.wishes.filter((_, index) => endOf(state.wishes, index, nowMs) > nowMs - windowMs);
  return { ...state, wishes: [...kept, { fromMs: nowMs, least: wish, most: wish }], wishedSinceMs };
}

export function stabilised(state: PolicyState, guards: Guards, { wish, current }: Counts, nowMs: number): number {
  const { up, down } = guards.stabiliseMs;
  if (wish > current) {
    if (up === 0) return wish;
    let least = coversAll(state, up, nowMs) ? wish : Math.min(wish, current);
    for (const [index, each] of state.wishes.entries()) {
      if (endOf(state.wishes, index, nowMs) > nowMs - up) least = Math.min(least, each.least);
    }
    return Math.max(current, least);
  }
  if (wish === current || down === 0) return wish;
  let most = coversAll(state, down, nowMs) ? wish : current;
  for (const [index, each] of state.wishes.entries()) {
    if (endOf(state.wishes, index, nowMs) > nowMs - down) most = Math.max(most, each.most);
  }
  return Math.min(current, most);
}

type Counts = { readonly wish: number; readonly current: number };

function coversAll({ wishedSinceMs }: PolicyState, windowMs: number, nowMs: number): boolean {
  return wishedSinceMs !== null && nowMs - wishedSinceMs >= windowMs;
}

/** A stretch lasts until the next one begins. */
function endOf(wishes: readonly Wishes[], index: number, nowMs: number): number {
  return wishes[index + 1]?.fromMs ?? nowMs + 1;
}
