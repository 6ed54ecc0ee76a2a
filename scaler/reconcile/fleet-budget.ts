import { limitWords } from '../decide/guards/limits.ts';
import type { FleetLimits } from '../groups/check-groups.ts';

/** Changes over all groups, so that one fault of measuring can not take a fleet down at once. */
export class FleetBudget {
  limits: FleetLimits = { add: null, remove: null };
  readonly #spent: Record<'add' | 'remove', number[]> = { add: [], remove: [] };

  spend(kind: 'add' | 'remove', nowMs: number): void {
    this.#spent[kind].push(nowMs);
  }

  /** Why no more of this kind may begin; null while some may. Times are monotonic. */
  spentOn(kind: 'add' | 'remove', nowMs: number): string | null {
    const limit = this.limits[kind];
    if (limit === null) return null;
    const spent = this.#spent[kind];
    while (spent[0] !== undefined && spent[0] <= nowMs - limit.periodMs) spent.shift();
    return spent.length < limit.value ? null : `fleet.${kind}: ${limitWords(limit)} over all groups is spent`;
  }
}
