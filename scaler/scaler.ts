import { randomBytes } from 'node:crypto';
import type { Clock, DecisionsAnswer, GroupsAnswer, Logger, StateStore, Tick } from '../core/index.ts';
import type { MasksPort } from './act/masks.ts';
import { DockerDriver } from './docker/docker-driver.ts';
import type { ContainerDriver } from './driver.ts';
import type { Group } from './groups/group.ts';
import { GroupsFile } from './groups/groups-file.ts';
import { Loop } from './reconcile/loop.ts';
import { Reconciler } from './reconcile/reconciler.ts';
import { ActionLog } from './record/action-log.ts';
import { DecisionLog } from './record/decision-log.ts';

const DECISIONS_LIMIT = 100;

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
  const notice = { pending: false };
  const reconciler = new Reconciler({
    driver: driverOf(options),
    clock,
    logger,
    decisions,
    actions,
    lastChanges: await decisions.lastChanges(),
    newActionId: options.newActionId ?? (() => randomBytes(6).toString('hex')),
    onChange: () => {
      notice.pending = true;
    },
  });
  await reconciler.actor.resume();
  const file = groupsFileOf(options, (groups) => reconciler.setGroups(groups));
  await file?.follow();
  const loop = new Loop({ clock, logger, reconciler, decisions, notice, publish: () => options.publish('decisions') });
  loop.start();
  return {
    onTick: (tick) => loop.onTick(tick),
    groups: () => ({
      file: file?.path ?? null,
      error: troubleOf(file, reconciler),
      groups: reconciler.statuses(),
    }),
    decisions: ({ group, limit = DECISIONS_LIMIT }) =>
      recent({ decisions, actions, clock }, { ...(group && { group }), limit }),
    metrics: () => metricsOf(reconciler, decisions),
    close: async () => {
      file?.close();
      await loop.close();
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
  onGroups: (groups: readonly Group[]) => void,
): GroupsFile | null {
  return groupsFile === null ? null : new GroupsFile({ path: groupsFile, clock, logger, onGroups });
}
