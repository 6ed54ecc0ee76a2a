/**
 * Holds each group at the size that its policy says.
 *
 * A group is evaluated once a wall-clock second, as soon as the collectors of all its instances
 * have reported that second. The evaluation itself is `decide`, which is pure; here the inputs are
 * brought together, the verdict is recorded, and a change is handed to the actor once it is durable.
 */
import {
  type Clock,
  type Decision,
  describeError,
  type GroupStatus,
  type Logger,
  type Tick,
} from '../../core/index.ts';
import { containerSpec } from '../act/container-spec.ts';
import { firstStep } from '../act/run-action.ts';
import { decide, type Verdict } from '../decide/decide.ts';
import { type Input, isFresh } from '../decide/signal.ts';
import type { ContainerDriver } from '../driver.ts';
import type { Group } from '../groups/group.ts';
import type { ActionLog, ActionRecord } from '../record/action-log.ts';
import type { DecisionDraft, DecisionLog } from '../record/decision-log.ts';
import { ACTIONS_MAX, Actor } from './actor.ts';
import { gatesOf } from './gates.ts';
import {
  backOff,
  dueSecond,
  type GroupRuntime,
  type LastChanges,
  newRuntime,
  redefine,
  wantedOf,
} from './group-runtime.ts';
import { chooseVictim, freeSlot, inputsOf, instancesOf, membersByGroup } from './instances.ts';
import { Listing } from './listing.ts';
import { SampleBoard } from './sample-board.ts';

/** A change is only decided on a list that is younger than this. */
const CONFIRM_MS = 1000;

/** Inputs kept with a decision; of a larger group the missing ones and the first others. */
const INPUTS_KEPT_MAX = 100;

export type ReconcilerOptions = {
  readonly driver: ContainerDriver | null;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly decisions: DecisionLog;
  readonly actions: ActionLog;
  readonly lastChanges: ReadonlyMap<string, LastChanges>;
  readonly newActionId: () => string;
  readonly onChange: () => void;
};

type Judged = { readonly verdict: Verdict; readonly inputs: readonly Input[] };

export class Reconciler {
  readonly board: SampleBoard;
  readonly listing: Listing;
  readonly actor: Actor;
  evaluationCount = 0;
  readonly #options: ReconcilerOptions;
  readonly #runtimes = new Map<string, GroupRuntime>();
  #sortedFrom = -1;

  constructor(options: ReconcilerOptions) {
    const { driver, clock, logger, actions, onChange } = options;
    this.#options = options;
    this.board = new SampleBoard(clock);
    this.listing = new Listing(driver, clock);
    const onEnd = (record: ActionRecord) => this.#ended(record);
    const onFree = (group: string) => this.#evaluateAgain(group);
    this.actor = new Actor({ driver, clock, logger, log: actions, onChange, onEnd, onFree });
  }

  get groupCount(): number {
    return this.#runtimes.size;
  }

  setGroups(groups: readonly Group[]): void {
    const names = new Set(groups.map(({ name }) => name));
    for (const name of this.#runtimes.keys()) if (!names.has(name)) this.#runtimes.delete(name);
    for (const group of groups) {
      const known = this.#runtimes.get(group.name);
      if (known === undefined)
        this.#runtimes.set(group.name, newRuntime(group, this.#options.lastChanges.get(group.name)));
      else redefine(known, group);
    }
    this.board.watch(groups.map(({ policy }) => policy.metric));
    this.#sortedFrom = -1;
    this.#options.onChange();
  }

  take(tick: Tick): void {
    if (tick.kind === 'live') this.board.take(tick);
  }

  /** Evaluates every group that is due. */
  evaluateDue(): void {
    // Before Docker has been asked for the first time there is nothing to say, not even that it is away.
    if (this.listing.trouble !== null && this.listing.version + this.listing.failureCount === 0) {
      if (this.#options.driver !== null) return;
    }
    const nowMs = this.#options.clock.nowMs();
    for (const runtime of this.#runtimes.values()) {
      this.#join(runtime);
      const second = dueSecond(runtime, this.board, nowMs);
      if (second !== null) this.#start(runtime, second);
    }
  }

  statuses(): GroupStatus[] {
    return [...this.#runtimes.values()].map((runtime) => {
      this.#join(runtime);
      const { group, instances } = runtime;
      const { name, policy, template } = group;
      const lastDecision = this.#options.decisions.newest(name);
      return {
        name,
        image: template.image,
        min: policy.min,
        max: policy.max,
        step: policy.step,
        current: instances.length,
        wanted: wantedOf(runtime, this.actor.runningOf(name) !== null, lastDecision),
        instances: instances.map(({ endpoint }) => endpoint),
        lastDecision,
      };
    });
  }

  /** Goes on to the minimum, or with a larger step, without waiting for the next second. */
  #evaluateAgain(group: string): void {
    const runtime = this.#runtimes.get(group);
    if (runtime !== undefined) this.#start(runtime, runtime.lastSecond);
  }

  #start(runtime: GroupRuntime, second: number): void {
    this.#evaluate(runtime, second).catch((error: unknown) => this.#fault(runtime, error));
  }

  async #evaluate(runtime: GroupRuntime, second: number): Promise<void> {
    if (runtime.evaluating) return;
    runtime.evaluating = true;
    runtime.lastSecond = second;
    this.evaluationCount++;
    try {
      let judged = this.#judge(runtime, second);
      if (judged.verdict.kind !== 'hold' && this.listing.ageMs > CONFIRM_MS) {
        await this.listing.refresh();
        judged = this.#judge(runtime, second);
      }
      if (judged.verdict.kind === 'hold') this.#hold(runtime, judged);
      else await this.#change(runtime, judged);
    } finally {
      runtime.evaluating = false;
    }
  }

  #judge(runtime: GroupRuntime, second: number): Judged {
    this.#join(runtime);
    const { clock } = this.#options;
    const { group, instances, state } = runtime;
    const nowMs = clock.nowMs();
    const inputs = inputsOf(group, instances, this.board.metricIndex(group.policy.metric), nowMs);
    const current = instances.length;
    const { trouble } = this.listing;
    if (trouble !== null) {
      const reason = `nothing is changed while it is not known what runs: ${trouble}`;
      const verdict = { kind: 'hold', code: 'docker', wanted: current, mean: null, reason, guards: [trouble] } as const;
      return { verdict: { ...verdict, newState: state }, inputs };
    }
    const running = this.actor.runningOf(group.name);
    const full = this.actor.runningCount >= ACTIONS_MAX;
    const gates = gatesOf({ runtime, running, full, monotonicMs: clock.monotonicMs() });
    return { verdict: decide(group.policy, { second, current, inputs, gates }, state, nowMs), inputs };
  }

  #hold(runtime: GroupRuntime, { verdict, inputs }: Judged): void {
    runtime.state = verdict.newState;
    if (this.#options.decisions.hold(this.#draft(runtime, { verdict, inputs }, null))) this.#options.onChange();
  }

  /** One container a decision: a larger step goes on with the next one when this is done. */
  async #change(runtime: GroupRuntime, judged: Judged): Promise<void> {
    const { decisions, actions, logger } = this.#options;
    const record = this.#actionFor(runtime, judged);
    const { group } = runtime;
    let decision: Decision;
    try {
      decision = await decisions.change(this.#draft(runtime, judged, record.id), [actions.beginning(record)]);
    } catch (error) {
      this.actor.counts.storeFailures++;
      logger.error(
        { group: group.name, error: describeError(error) },
        'nothing is changed: the store takes no decision',
      );
      backOff(runtime, 'the state store takes no decision', this.#options.clock.monotonicMs());
      return;
    }
    runtime.state = judged.verdict.newState;
    runtime.goal = decision.wanted;
    logger.info({ group: group.name, kind: decision.kind, reason: decision.reason, action: record.id }, 'scaling');
    this.actor.start(record);
    this.#options.onChange();
  }

  #actionFor(runtime: GroupRuntime, { verdict, inputs }: Judged): ActionRecord {
    const { clock, newActionId } = this.#options;
    const { group, instances } = runtime;
    const id = newActionId();
    const common = { id, group: group.name, state: 'running', error: null, endedAtMs: null } as const;
    const startedAtMs = clock.nowMs();
    if (verdict.kind === 'add') {
      const spec = containerSpec(group, freeSlot(group, this.listing.containers), id);
      const step = firstStep('create');
      return { ...common, kind: 'create', container: spec.name, containerId: null, step, spec, startedAtMs };
    }
    const victim = chooseVictim(group, instances, inputs)?.container;
    const container = victim?.name ?? '';
    const step = firstStep('remove');
    return { ...common, kind: 'remove', container, containerId: victim?.id ?? null, step, spec: null, startedAtMs };
  }

  #draft(runtime: GroupRuntime, { verdict, inputs }: Judged, action: string | null): DecisionDraft {
    const { name, policy } = runtime.group;
    const { kind, code, wanted, reason, guards, mean } = verdict;
    const kept =
      inputs.length <= INPUTS_KEPT_MAX
        ? inputs
        : [...inputs].sort((a, b) => Number(isFresh(a)) - Number(isFresh(b))).slice(0, INPUTS_KEPT_MAX);
    return {
      group: name,
      atMs: this.#options.clock.nowMs(),
      kind,
      code,
      metric: policy.metric,
      signal: mean,
      current: runtime.instances.length,
      wanted,
      reason,
      guards: [...guards],
      inputs: kept.map((input) => ({
        endpoint: input.endpoint,
        value: isFresh(input) ? input.value : null,
        ageMs: input.ageMs,
      })),
      action,
    };
  }

  /** The action still counts as running here, so nothing is decided before the list is new. */
  async #ended(record: ActionRecord): Promise<void> {
    await this.listing.refreshAfterChange();
    const runtime = this.#runtimes.get(record.group);
    if (runtime === undefined) return;
    const { clock } = this.#options;
    backOff(runtime, record.state === 'failed' ? (record.error ?? 'an unknown error') : null, clock.monotonicMs());
    if (record.state !== 'done') return;
    // Cooldowns count from when the last change was finished.
    const last = record.kind === 'create' ? { lastAddMs: clock.nowMs() } : { lastRemoveMs: clock.nowMs() };
    runtime.state = { ...runtime.state, ...last };
  }

  #fault(runtime: GroupRuntime, error: unknown): void {
    const { logger, clock } = this.#options;
    logger.error({ group: runtime.group.name, error: describeError(error) }, 'an evaluation was cut by a fault');
    backOff(runtime, describeError(error), clock.monotonicMs());
  }

  #join(runtime: GroupRuntime): void {
    if (this.#sortedFrom !== this.listing.version) {
      this.#sortedFrom = this.listing.version;
      const groups = [...this.#runtimes.values()].map(({ group }) => group);
      const members = membersByGroup(groups, this.listing.containers);
      for (const one of this.#runtimes.values()) one.members = members.get(one.group.name) ?? [];
    }
    const joined = `${this.listing.version} ${this.board.version} ${this.actor.stuckVersion}`;
    if (runtime.joined === joined) return;
    runtime.joined = joined;
    runtime.instances = instancesOf(runtime.group, runtime.members, this.actor.stuck, this.board);
    const cells = runtime.instances.flatMap(({ cell }) => (cell === null ? [] : [cell.collector]));
    runtime.collectors = [...new Set(cells)];
  }
}
