import { randomBytes } from 'node:crypto';
import {
  AppError,
  type Clock,
  type DecisionsAnswer,
  type GroupsAnswer,
  type HookBody,
  type Logger,
  type StateStore,
  type Tick,
} from '../core/index.ts';
import type { MasksPort } from './act/masks.ts';
import type { Signal } from './decide/signal.ts';
import { DockerDriver } from './docker/docker-driver.ts';
import type { ContainerDriver } from './driver.ts';
import { GroupsFile, type GroupsFileOptions } from './groups/groups-file.ts';
import { Loop } from './reconcile/loop.ts';
import type { OpenAlert } from './reconcile/open-rules.ts';
import { Reconciler } from './reconcile/reconciler.ts';
import { ActionLog } from './record/action-log.ts';
import { ControlLog } from './record/control-log.ts';
import { DecisionLog } from './record/decision-log.ts';

const DECISIONS_LIMIT = 100;

/** A yes to a change holds so long: what was read when it was given is old by then. */
const APPROVAL_MS = 300_000;

export type ScalerOptions = {
  /** Has had `migrations` applied. */
  readonly store: StateStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Null: no groups. */
  readonly groupsFile: string | null;
  /** Path of Docker's socket; null or left out, with no driver either: groups are shown and held. */
  readonly dockerSocket?: string | null;
  /** In place of Docker. */
  readonly driver?: ContainerDriver;
  /** For the changes of workflows; without it nothing is masked. */
  readonly masks?: MasksPort;
  /** Alerts that are open, for policies of kind `alert`. */
  readonly openAlerts?: () => Promise<readonly OpenAlert[]>;
  /** Fewest instances that a plan of the capacity asks for at a moment; null where it asks for none. */
  readonly plannedFloor?: (group: string, nowMs: number) => Signal['planned'];
  /** Called when there is something new to fetch, at most four times a second. */
  readonly publish: (topic: 'decisions') => void;
  /** Unique for ever, of letters and digits. Random when left out. */
  readonly newActionId?: () => string;
};

/** Figures for `/metrics`; counts are since the start. */
export type ScalerMetrics = {
  readonly groups: number;
  readonly evaluations: number;
  readonly actionsRunning: number;
  readonly actionsDone: number;
  readonly actionsFailed: number;
  readonly actionsStuck: number;
  readonly stuckContainers: number;
  readonly listFailures: number;
  readonly storeFailures: number;
  readonly decisionsDropped: number;
  readonly collectorsRefused: number;
};

export type Scaler = {
  /** Takes a tick's samples and returns at once; deciding and acting happen afterwards. */
  onTick(tick: Tick): void;
  groups(): GroupsAnswer;
  /** Newest first; 100 of each when no limit is given. Rejects with `STATE_STORE`. */
  decisions(query: { readonly group?: string; readonly limit?: number }): Promise<DecisionsAnswer>;
  /** Stops all scaling for a reason, or lets it go on with null. Rejects with `STATE_STORE`. */
  stop(reason: string | null, by: string): Promise<void>;
  /** A person's yes to a group of mode `advise`, up to so many. Throws `NOT_FOUND`, `BAD_REQUEST`. */
  approve(group: string, wanted: number, by: string): void;
  /** Bounds for a webhook policy to hold. Rejects with `NOT_FOUND`, `BAD_REQUEST`, `STATE_STORE`. */
  hook(at: { readonly group: string; readonly policy: string }, body: HookBody): Promise<void>;
  metrics(): ScalerMetrics;
  /** Actions under way stay on record, and are resumed by the next start. The store must still be open. */
  close(): Promise<void>;
};

/**
 * Reads the groups file and what former runs have left, and begins to reconcile. Does not wait for
 * Docker. Rejects with `STATE_STORE`; a bad groups file or a missing Docker is told by `groups()`.
 */
export async function createScaler(options: ScalerOptions): Promise<Scaler> {
  const { store, clock, logger } = options;
  const decisions = await DecisionLog.open(store, logger);
  const actions = new ActionLog(store);
  const controls = await ControlLog.open(store);
  const notice = { pending: false };
  const reconciler = new Reconciler({
    driver: driverOf(options),
    clock,
    logger,
    decisions,
    actions,
    controls,
    openAlerts: options.openAlerts ?? (async () => []),
    plannedFloor: options.plannedFloor ?? (() => null),
    lastChanges: await decisions.lastChanges(),
    newActionId: options.newActionId ?? (() => randomBytes(6).toString('hex')),
    onChange: () => {
      notice.pending = true;
    },
  });
  await reconciler.actor.resume();
  const file = groupsFileOf(options, (groups, fleet) => reconciler.setGroups(groups, fleet));
  await file?.follow();
  const loop = new Loop({ clock, logger, reconciler, decisions, notice, publish: () => options.publish('decisions') });
  loop.start();
  return {
    onTick: (tick) => loop.onTick(tick),
    groups: () => ({
      file: file?.path ?? null,
      error: troubleOf(file, reconciler),
      stop: controls.stop,
      groups: reconciler.statuses(),
    }),
    decisions: ({ group, limit = DECISIONS_LIMIT }) =>
      recent({ decisions, actions, clock }, { ...(group && { group }), limit }),
    ...orders({ reconciler, controls, options, notice }),
    metrics: () => metricsOf(reconciler, decisions),
    close: async () => {
      file?.close();
      await loop.close();
    },
  };
}

type Ordered = {
  readonly reconciler: Reconciler;
  readonly controls: ControlLog;
  readonly options: ScalerOptions;
  readonly notice: { pending: boolean };
};

/** What people and other systems may tell the scaler while it runs. */
function orders({ reconciler, controls, options, notice }: Ordered): Pick<Scaler, 'stop' | 'approve' | 'hook'> {
  const { clock, logger } = options;
  const runtimeOf = (group: string) => {
    const runtime = reconciler.runtimeOf(group);
    if (runtime === null) throw new AppError('NOT_FOUND', `there is no group ${group}`);
    return runtime;
  };
  return {
    stop: async (reason, by) => {
      await controls.setStop(reason === null ? null : { atMs: clock.nowMs(), by, reason });
      logger.warn({ by, reason }, reason === null ? 'scaling goes on' : 'all scaling is stopped');
      notice.pending = true;
    },
    approve: (group, wanted, by) => {
      const runtime = runtimeOf(group);
      const current = runtime.instances.length;
      if (runtime.group.mode !== 'advise' || wanted === current) {
        const why = wanted === current ? `${group} has ${current} instances already` : `${group} is not in mode advise`;
        throw new AppError('BAD_REQUEST', why);
      }
      const kind = wanted > current ? 'add' : 'remove';
      runtime.approval = { kind, wanted, untilMs: clock.nowMs() + APPROVAL_MS };
      logger.info({ group, wanted, by }, 'a scaling change is approved');
      notice.pending = true;
    },
    hook: async ({ group, policy: name }, { min, max, seconds }) => {
      const policy = runtimeOf(group).group.plan.policies.find((each) => each.name === name);
      if (policy?.kind !== 'webhook') throw new AppError('NOT_FOUND', `group ${group} has no webhook policy ${name}`);
      if (seconds * 1000 > policy.forMsMax) {
        throw new AppError('BAD_REQUEST', `policy ${name} holds at most ${policy.forMsMax / 1000} s a call`);
      }
      await controls.setHook(
        { group, policy: name },
        { floor: min ?? null, ceiling: max ?? null, untilMs: clock.nowMs() + seconds * 1000 },
      );
      notice.pending = true;
    },
  };
}

type Logs = { readonly decisions: DecisionLog; readonly actions: ActionLog; readonly clock: Clock };

async function recent(
  { decisions, actions, clock }: Logs,
  query: { readonly group?: string; readonly limit: number },
): Promise<DecisionsAnswer> {
  const [newestDecisions, newestActions] = await Promise.all([decisions.recent(query), actions.recent(query)]);
  return { nowMs: clock.nowMs(), decisions: newestDecisions, actions: newestActions };
}

/** What an operator must know before anything else: a refused file, then a Docker that is away. */
function troubleOf(file: GroupsFile | null, { listing, groupCount }: Reconciler): string | null {
  if (file !== null && file.problem !== null) return file.problem;
  return groupCount > 0 ? listing.trouble : null;
}

function metricsOf(reconciler: Reconciler, decisions: DecisionLog): ScalerMetrics {
  const { actor, board, listing } = reconciler;
  return {
    groups: reconciler.groupCount,
    evaluations: reconciler.evaluationCount,
    actionsRunning: actor.runningCount,
    actionsDone: actor.counts.done,
    actionsFailed: actor.counts.failed,
    actionsStuck: actor.counts.stuck,
    stuckContainers: actor.stuck.size,
    listFailures: listing.failureCount,
    storeFailures: actor.counts.storeFailures,
    decisionsDropped: decisions.droppedCount,
    collectorsRefused: board.refusedCollectors,
  };
}

function driverOf({ driver, dockerSocket, clock }: ScalerOptions): ContainerDriver | null {
  if (driver !== undefined) return driver;
  if (dockerSocket === undefined || dockerSocket === null) return null;
  return new DockerDriver({ socketPath: dockerSocket, clock });
}

function groupsFileOf(
  { groupsFile, clock, logger }: ScalerOptions,
  onGroups: GroupsFileOptions['onGroups'],
): GroupsFile | null {
  return groupsFile === null ? null : new GroupsFile({ path: groupsFile, clock, logger, onGroups });
}
