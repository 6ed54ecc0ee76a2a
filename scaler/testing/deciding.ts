import { decide, type Verdict } from '../decide/decide.ts';
import { FRESH_MS, type Gate, type Inputs, readInputs, type Signal } from '../decide/signal.ts';
import { initialState, type PolicyState } from '../decide/state.ts';
import { MeanWindow, windowPoints } from '../decide/window.ts';
import { checkGroups, formatProblem } from '../groups/check-groups.ts';
import type { Plan } from '../groups/policies/policy.ts';

/** One running instance as a metric sees it. */
export type Input = {
  readonly endpoint: string;
  readonly value: number | null;
  readonly ageMs: number | null;
  readonly warming: boolean;
};

export class ListInputs implements Inputs {
  readonly #list: readonly Input[];

  constructor(list: readonly Input[]) {
    this.#list = list;
  }

  get count(): number {
    return this.#list.length;
  }

  value(index: number): number {
    return this.#list[index]?.value ?? Number.NaN;
  }

  ageMs(index: number): number {
    return this.#list[index]?.ageMs ?? Number.NaN;
  }

  isWarming(index: number): boolean {
    return this.#list[index]?.warming ?? false;
  }

  endpoint(index: number): string {
    return this.#list[index]?.endpoint ?? '';
  }
}

/** The plan of a group that is written in YAML below its name, match and image. */
export function planOf(fields: string): Plan {
  const text = `groups:\n  - name: web\n    match: { app: web }\n    image: image\n${fields.replace(/^/gm, '    ')}\n`;
  const check = checkGroups(text, 'groups.yaml');
  const [group] = check.kind === 'accepted' ? check.groups : [];
  if (group === undefined)
    throw new Error(check.kind === 'refused' ? check.problems.map(formatProblem).join('\n') : text);
  return group.plan;
}

/** A group whose seconds are told one by one. */
export class Deciding {
  readonly plan: Plan;
  state: PolicyState = initialState;
  readonly #windows: readonly MeanWindow[];

  constructor(plan: Plan) {
    this.plan = plan;
    this.#windows = plan.metrics.map(() => new MeanWindow(windowPoints(plan)));
  }

  /** Decides on the same inputs in every metric of the plan. */
  at(
    second: number,
    inputs: readonly Input[],
    also: Partial<Signal> & { readonly gates?: readonly Gate[] } = {},
  ): Verdict {
    const trust = { quorum: this.plan.guards.quorum, freshMs: FRESH_MS };
    const readings = this.plan.metrics.map((_, index) => {
      const reading = readInputs(new ListInputs(inputs), trust);
      if (reading.mean !== null) this.#windows[index]?.push(second, reading.mean, reading.missing.length === 0);
      return reading;
    });
    const rest = { gates: [], alerts: new Set<string>(), hooks: new Map(), startMs: null, planned: null };
    const signal: Signal = { second, current: inputs.length, readings, windows: this.#windows, ...rest, ...also };
    const verdict = decide(this.plan, signal, this.state, second * 1000 + 50);
    this.state = verdict.newState;
    return verdict;
  }
}
