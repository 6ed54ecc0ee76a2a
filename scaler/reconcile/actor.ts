import { type Clock, describeError, type Logger } from '../../core/index.ts';
import { firstStep, runAction } from '../act/run-action.ts';
import { type Container, type ContainerDriver, isRunning } from '../driver.ts';
import { sakerLabels } from '../groups/labels.ts';
import { type ActionLog, type ActionRecord, FAILED_KEPT_MAX } from '../record/action-log.ts';

/** Actions of different groups at the same time. More would only queue up inside dockerd. */
export const ACTIONS_MAX = 16;

export type ActorOptions = {
  readonly driver: ContainerDriver | null;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly log: ActionLog;
  /** Told of each end, while the action still counts as running: look anew before it stops to. */
  readonly onEnd: (record: ActionRecord) => Promise<void>;
  /** Told when the group may act again. */
  readonly onFree: (group: string) => void;
  /** Something that people watch has changed. */
  readonly onChange: () => void;
};

/** Carries out actions, one at a time in a group, and remembers what they left behind. */
export class Actor {
  readonly counts = { done: 0, failed: 0, stuck: 0, storeFailures: 0 };
  readonly #options: ActorOptions;
  readonly #closing = new AbortController();
  readonly #running = new Map<string, ActionRecord>();
  readonly #runs = new Set<Promise<void>>();
  readonly #stuck = new Set<string>();
  readonly #failedCreations = new Set<string>();
  #stuckVersion = 0;

  constructor(options: ActorOptions) {
    this.#options = options;
  }

  /** Ids of containers that no signal has ended. */
  get stuck(): ReadonlySet<string> {
    return this.#stuck;
  }

  /** Grows whenever the set of stuck containers changes. */
  get stuckVersion(): number {
    return this.#stuckVersion;
  }

  get runningCount(): number {
    return this.#running.size;
  }

  runningOf(group: string): ActionRecord | null {
    return this.#running.get(group) ?? null;
  }

  /** Takes up what a former run has left, in the order it was begun. */
  async resume(): Promise<void> {
    const { log, logger } = this.#options;
    for (const id of await log.stuckContainers()) this.#stuck.add(id);
    for (const id of await log.failedCreations()) this.#failedCreations.add(id);
    const byGroup = new Map<string, ActionRecord[]>();
    for (const record of await log.unfinished()) {
      byGroup.set(record.group, [...(byGroup.get(record.group) ?? []), record]);
    }
    for (const records of byGroup.values()) {
      for (const { id, group, step } of records) logger.info({ action: id, group, step }, 'resuming a scaling action');
      this.#track(this.#runInTurn(records));
    }
  }

  /** Runs an action that is on record already. */
  start(record: ActionRecord): void {
    this.#track(this.#runInTurn([record]));
  }

  /**
   * Begins to remove what no group counts any more: what failed creations have made after all but
   * never ran, and what was stuck and has ended. Forgets stuck containers that are gone.
   */
  async sweep(containers: readonly Container[]): Promise<void> {
    const known = new Set(containers.map(({ id }) => id));
    for (const id of this.#stuck) if (!known.has(id)) this.#unstick(id);
    for (const container of containers) {
      const group = container.labels[sakerLabels.group];
      const action = container.labels[sakerLabels.action];
      if (group === undefined || action === undefined || isRunning(container)) continue;
      const left = this.#stuck.has(container.id) || this.#failedCreations.has(action);
      if (left && !this.#running.has(group) && this.#running.size < ACTIONS_MAX) await this.#remove(container, group);
    }
  }

  /** Leaves actions under way as they are on record, and waits until their last calls are answered or cut. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the scaler closes'));
    await Promise.race([Promise.allSettled(this.#runs), this.#patience()]);
  }

  async #remove(container: Container, group: string): Promise<void> {
    const { clock, log, logger } = this.#options;
    const record: ActionRecord = {
      // The one removal of this container: a second attempt at it finds its record taken.
      id: `sweep-${container.id.slice(0, 24)}`,
      group,
      kind: 'remove',
      container: container.name,
      containerId: container.id,
      state: 'running',
      step: firstStep('remove'),
      error: null,
      spec: null,
      startedAtMs: clock.nowMs(),
      endedAtMs: null,
    };
    this.#unstick(container.id);
    this.#failedCreations.delete(container.labels[sakerLabels.action] ?? '');
    try {
      await log.begin(record);
    } catch (error) {
      this.counts.storeFailures++;
      logger.warn({ container: container.name, error: describeError(error) }, 'a leftover container stays');
      return;
    }
    this.start(record);
  }

  #track(run: Promise<void>): void {
    const tracked = run.finally(() => this.#runs.delete(tracked));
    this.#runs.add(tracked);
  }

  async #runInTurn(records: readonly ActionRecord[]): Promise<void> {
    for (const record of records) {
      if (this.#closing.signal.aborted) return;
      await this.#run(record);
    }
  }

  async #run(record: ActionRecord): Promise<void> {
    const { driver, clock, log, logger, onEnd, onFree, onChange } = this.#options;
    if (driver === null) return;
    this.#running.set(record.group, record);
    const onStep = (step: ActionRecord) => {
      this.#running.set(step.group, step);
      onChange();
    };
    const onStoreFailure = (at: ActionRecord, error: unknown) => {
      this.counts.storeFailures++;
      logger.warn({ action: at.id, step: at.step, error: describeError(error) }, 'an action waits for the store');
    };
    try {
      const context = { driver, clock, log, closing: this.#closing.signal, onStep, onStoreFailure };
      const ended = await runAction(context, record);
      this.#note(ended);
      await onEnd(ended);
    } catch (error) {
      if (!this.#closing.signal.aborted) {
        logger.error(
          { action: record.id, group: record.group, error: describeError(error) },
          'an action was cut by a fault',
        );
      }
    } finally {
      this.#running.delete(record.group);
      onChange();
      if (!this.#closing.signal.aborted) onFree(record.group);
    }
  }

  #note(record: ActionRecord): void {
    const { id, group, kind, container, state, step, error } = record;
    const fields = { action: id, group, kind, container, step };
    const { logger } = this.#options;
    if (state === 'done') {
      this.counts.done++;
      logger.info(fields, 'a scaling action is done');
    } else if (state === 'stuck') {
      this.counts.stuck++;
      if (record.containerId !== null) this.#stuck.add(record.containerId);
      this.#stuckVersion++;
      logger.error({ ...fields, error }, 'a container is stuck: no signal ends it');
    } else {
      this.counts.failed++;
      if (kind === 'create') this.#rememberFailed(id);
      logger.warn({ ...fields, error }, 'a scaling action has failed');
    }
  }

  #unstick(containerId: string): void {
    if (this.#stuck.delete(containerId)) this.#stuckVersion++;
  }

  #rememberFailed(id: string): void {
    this.#failedCreations.add(id);
    const [oldest] = this.#failedCreations;
    if (this.#failedCreations.size > FAILED_KEPT_MAX && oldest !== undefined) this.#failedCreations.delete(oldest);
  }

  #patience(): Promise<void> {
    return new Promise((resolve) => {
      this.#options.clock.after(CLOSE_MS, resolve);
    });
  }
}

/** A call under way may take up to 30 s; its outcome is looked up by the next run instead. */
const CLOSE_MS = 2000;
