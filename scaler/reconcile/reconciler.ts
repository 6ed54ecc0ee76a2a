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
import type { Verdict } from '../decide/decide.ts';
import type { Signal } from '../decide/signal.ts';
import type { ContainerDriver } from '../driver.ts';
import type { FleetLimits } from '../groups/check-groups.ts';
import type { Group } from '../groups/group.ts';
import type { ActionLog, ActionRecord } from '../record/action-log.ts';
import type { ControlLog } from '../record/control-log.ts';
import type { DecisionLog } from '../record/decision-log.ts';
import { ACTIONS_MAX, Actor } from './actor.ts';
import { FleetBudget } from './fleet-budget.ts';
import { blind, draftOf, evaluate, inputsOf, keptInputs } from './group/evaluation.ts';
import { gatesOf } from './group/gates.ts';
import {
  backOff,
  dueSecond,
  type GroupRuntime,
  type LastChanges,
  learnStart,
  newRuntime,
  redefine,
} from './group/group-runtime.ts';
import { chooseVictim, freeSlot, instancesOf, membersByGroup } from './group/instances.ts';
import { statusOf } from './group/status.ts';
import { Listing } from './listing.ts';
import { type OpenAlert, OpenRules } from './open-rules.ts';
import { SampleBoard } from './sample-board.ts';

/** A change is only decided on a list that is younger than this. */
const CONFIRM_MS = 1000;

export type ReconcilerOptions = {
  readonly driver: ContainerDriver | null;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly decisions: DecisionLog;
  readonly actions: ActionLog;
  readonly controls: ControlLog;
  readonly openAlerts: () => Promise<readonly OpenAlert[]>;
  readonly plannedFloor: (group: string, nowMs: number) => Signal['planned'];
  readonly lastChanges: ReadonlyMap<string, LastChanges>;
  readonly newActionId: () => string;
  readonly onChange: () => void;
};

export class Reconciler {
  readonly board: SampleBoard;
  readonly listing: Listing;
  readonly actor: Actor;
  readonly budget = new FleetBudget();
  readonly openRules: OpenRules;
  evaluationCount = 0;
  readonly #options: ReconcilerOptions;
  readonly #runtimes = new Map<string, GroupRuntime>();
  #sortedFrom = -1;

  constructor(options: ReconcilerOptions) {
    const { driver, clock, logger, actions, onChange } = options;
    this.#options = options;
    this.board = new SampleBoard(clock);
    this.listing = new Listing(driver, clock);
    this.openRules = new OpenRules(options.openAlerts, clock, logger);
    const onEnd = (record: ActionRecord) => this.#ended(record);
    const onFree = (group: string) => this.#evaluateAgain(group);
    this.actor = new Actor({ driver, clock, logger, log: actions, onChange, onEnd, onFree });
  }

  get groupCount(): number {
    return this.#runtimes.size;
  }

  setGroups(groups: readonly Group[], fleet: FleetLimits): void {
    this.budget.limits = fleet;
    this.openRules.wanted = groups.some(({ plan }) => plan.policies.some(({ kind }) => kind === 'alert'));
    const names = new Set(groups.map(({ name }) => name));
    for (const name of this.#runtimes.keys()) if (!names.has(name)) this.#runtimes.delete(name);
    for (const group of groups) {
      const known = this.#runtimes.get(group.name);
      if (known === undefined)
        this.#runtimes.set(group.name, newRuntime(group, this.#options.lastChanges.get(group.name)));
      else redefine(known, group);
    }
    this.board.watch(groups.flatMap(({ plan }) => plan.metrics));
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
    this.openRules.refresh();
    for (const runtime of this.#runtimes.values()) {
      this.#join(runtime);
      const second = dueSecond(runtime, this.board, nowMs);
      if (second !== null) this.#start(runtime, second);
    }
  }

  statuses(): GroupStatus[] {
    return this.runtimes().map((runtime) => {
      const { name } = runtime.group;
      return statusOf(runtime, this.actor.runningOf(name) !== null, this.#options.decisions.newest(name));
    });
  }

  runtimeOf(group: string): GroupRuntime | null {
    return this.#runtimes.get(group) ?? null;
  }

  /** Every group as it is now. */
  runtimes(): GroupRuntime[] {
    const all = [...this.#runtimes.values()];
    for (const runtime of all) this.#join(runtime);
    return all;
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
      let verdict = this.#judge(runtime, second);
      if (verdict.kind !== 'hold' && this.listing.ageMs > CONFIRM_MS) {
        await this.listing.refresh();
        verdict = this.#judge(runtime, second);
      }
      if (verdict.kind === 'hold') this.#hold(runtime, verdict);
      else await this.#change(runtime, verdict, verdict.kind);
    } finally {
      runtime.evaluating = false;
    }
  }

  #judge(runtime: GroupRuntime, second: number): Verdict {
    this.#join(runtime);
    const { clock, controls, plannedFloor } = this.#options;
    const { group } = runtime;
    const nowMs = clock.nowMs();
    if (this.listing.trouble !== null) return blind(runtime, this.listing.trouble);
    const monotonicMs = clock.monotonicMs();
    const spent = { add: this.budget.spentOn('add', monotonicMs), remove: this.budget.spentOn('remove', monotonicMs) };
    const gates = gatesOf({
      runtime,
      running: this.actor.runningOf(group.name),
      full: this.actor.runningCount >= ACTIONS_MAX,
      monotonicMs,
      nowMs,
      stopped: controls.stop?.reason ?? null,
      spent,
    });
    return evaluate(runtime, {
      second,
      nowMs,
      metricIndex: (metric) => this.board.metricIndex(metric),
      gates,
      alerts: this.openRules.ofInstances(runtime.instances),
      hooks: controls.hooksOf(group.name),
      planned: plannedFloor(group.name, nowMs),
    });
  }

  #hold(runtime: GroupRuntime, verdict: Verdict): void {
    runtime.state = verdict.newState;
    const draft = draftOf(runtime, verdict, { nowMs: this.#options.clock.nowMs(), action: null });
    if (this.#options.decisions.hold(draft, () => this.#inputs(runtime, verdict))) this.#options.onChange();
  }

  #inputs(runtime: GroupRuntime, { metric }: Verdict): Decision['inputs'] {
    return keptInputs(inputsOf(runtime, this.board.metricIndex(metric ?? ''), this.#options.clock.nowMs()));
  }

  /** One container a decision: a larger step goes on with the next one when this is done. */
  async #change(runtime: GroupRuntime, verdict: Verdict, kind: 'add' | 'remove'): Promise<void> {
    const { decisions, actions, logger, clock } = this.#options;
    const record = this.#actionFor(runtime, verdict, kind);
    const { group } = runtime;
    let decision: Decision;
    try {
      const draft = draftOf(runtime, verdict, { nowMs: clock.nowMs(), action: record.id });
      decision = await decisions.change(draft, () => this.#inputs(runtime, verdict), [actions.beginning(record)]);
    } catch (error) {
      this.actor.counts.storeFailures++;
      logger.error(
        { group: group.name, error: describeError(error) },
        'nothing is changed: the store takes no decision',
      );
      backOff(runtime, 'the state store takes no decision', clock.monotonicMs());
      return;
    }
    runtime.state = verdict.newState;
    runtime.goal = decision.wanted;
    this.budget.spend(kind, clock.monotonicMs());
    logger.info({ group: group.name, kind, reason: decision.reason, action: record.id }, 'scaling');
    this.actor.start(record);
    this.#options.onChange();
  }

  #actionFor(runtime: GroupRuntime, { metric }: Verdict, kind: 'add' | 'remove'): ActionRecord {
    const { clock, newActionId } = this.#options;
    const { group, instances } = runtime;
    const id = newActionId();
    const common = { id, group: group.name, state: 'running', error: null, endedAtMs: null } as const;
    const startedAtMs = clock.nowMs();
    if (kind === 'add') {
      const spec = containerSpec(group, freeSlot(group, this.listing.containers), id);
      const step = firstStep('create');
      return { ...common, kind: 'create', container: spec.name, containerId: null, step, spec, startedAtMs };
    }
    const inputs = inputsOf(runtime, this.board.metricIndex(metric ?? ''), startedAtMs);
    const victim = chooseVictim(group, instances, inputs)?.container;
    const container = victim?.name ?? '';
    const step = firstStep('remove');
    return { ...common, kind: 'remove', container, containerId: victim?.id ?? null, step, spec: null, startedAtMs };
  }

  /** The action still counts as running here, so nothing is decided before the list is new. */
  async #ended(record: ActionRecord): Promise<void> {
    await this.listing.refreshAfterChange();
    const runtime = this.#runtimes.get(record.group);
    if (runtime === undefined) return;
    const { clock } = this.#options;
    backOff(runtime, record.state === 'failed' ? (record.error ?? 'an unknown error') : null, clock.monotonicMs());
    if (record.state !== 'done') return;
    if (record.kind === 'create') learnStart(runtime, clock.nowMs() - record.startedAtMs);
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
