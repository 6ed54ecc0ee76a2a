/**
 * The composition root: one straight line from settings to a running server. Each thing that was
 * opened registers how it is closed; stopping runs that list backwards.
 */
import type { FastifyBaseLogger } from 'fastify';
import { migrations as alertingMigrations, createAlerting } from '../alerting/index.ts';
import { AppError, type Clock, type LiveTopic, type Tick, version } from '../core/index.ts';
import { HistoryClient, readCursorPosition } from '../history/index.ts';
import { LiveHub, lastPoints, Realtime, Slices } from '../realtime/index.ts';
import { createScaler, DockerDriver, migrations as scalerMigrations } from '../scaler/index.ts';
import { Accounts } from './auth/accounts.ts';
import { localCollectorToken } from './auth/local-token.ts';
import { migrations as authMigrations } from './auth/migrations.ts';
import { Tokens } from './auth/tokens.ts';
import type { ServerConfig } from './config.ts';
import { CounterRates } from './http/push/open-falcon.ts';
import { PushDoor } from './http/push/push-door.ts';
import { listenForAgents } from './http/push/transfer-rpc.ts';
import { alertingRoutes } from './http/routes/alerting/alerting-routes.ts';
import { deliveryRoutes } from './http/routes/alerting/delivery-routes.ts';
import { linkRoutes } from './http/routes/alerting/link-routes.ts';
import { ruleRoutes } from './http/routes/alerting/rule-routes.ts';
import { consoleRoutes } from './http/routes/console-routes.ts';
import { fleetRoutes } from './http/routes/fleet-routes.ts';
import { installRoutes } from './http/routes/install-routes.ts';
import { operationsRoutes } from './http/routes/operations-routes.ts';
import { dataRoutes } from './http/routes/samples/data-routes.ts';
import { pushRoutes } from './http/routes/samples/push-routes.ts';
import { queryRoutes } from './http/routes/samples/query-routes.ts';
import { scalingRoutes } from './http/routes/scaling-routes.ts';
import { sessionRoutes } from './http/routes/session-routes.ts';
import { streamRoutes } from './http/routes/stream-routes.ts';
import { createHttpServer } from './http/server.ts';
import { Closers } from './lifecycle/closers.ts';
import { lockDataFolder, prepareDataFolder } from './lifecycle/data-folder.ts';
import type { ServerNotice } from './lifecycle/notices.ts';
import { containerActions } from './operations/container-actions.ts';
import { HostEvents } from './operations/events/host-events.ts';
import { migrations as eventMigrations } from './operations/events/migrations.ts';
import { Fleet } from './operations/fleet/fleet.ts';
import { migrations as fleetMigrations } from './operations/fleet/inventory-store.ts';
import { HostWatch } from './operations/host-watch.ts';
import { masksOf } from './operations/masks.ts';
import { createMetrics } from './operations/metrics.ts';
import { readinessOf } from './operations/readiness.ts';
import { historyQuery } from './query/history-columns.ts';
import { QueryDoor } from './query/query-door.ts';
import { rememberedCollectors } from './query/remembered.ts';
import { Turnstile } from './query/turnstile.ts';
import { openStateStore } from './state/state-store.ts';

/** Each part gets this long to close; the supervisor's patience is longer than all of them. */
const CLOSE_DEADLINE_MS = 5000;

/** Queries that run side by side, and those that wait: a console opens about ten at once. */
const QUERIES_MAX = 8;
const QUERIES_WAITING_MAX = 100;

export type AppOptions = {
  readonly config: ServerConfig;
  readonly clock: Clock;
  readonly logger: FastifyBaseLogger;
  readonly pid: number;
  readonly notify: (notice: ServerNotice) => void;
};

export type App = { readonly url: string; close(): Promise<void> };

/** Starts the server. What was opened before a failure is closed again. */
export async function startApp(options: AppOptions): Promise<App> {
  const closers = new Closers(options.clock, options.logger);
  const close = (): Promise<void> => closers.closeAll(CLOSE_DEADLINE_MS);
  try {
    return { url: await wire(options, closers), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function wire({ config, clock, logger, pid, notify }: AppOptions, closers: Closers): Promise<string> {
  await prepareDataFolder(config.paths);
  closers.add('data folder', await lockDataFolder(config.paths, pid));

  const store = await openStateStore(config.paths.state, [
    ...authMigrations,
    ...alertingMigrations,
    ...scalerMigrations,
    ...fleetMigrations,
    ...eventMigrations,
  ]);
  closers.add('state store', () => store.close());
  const accounts = new Accounts(store, clock);
  const tokens = new Tokens(store, clock);
  await localCollectorToken(tokens, config.paths.collectorToken);

  const history = new HistoryClient({ socketPath: config.paths.historySocket, clock });
  closers.add('history client', () => history.close());

  const queries = new QueryDoor({
    realtime: () => realtime,
    clock,
    history: historyQuery(history),
    slices: new Slices(clock),
    turnstile: new Turnstile({ insideMax: QUERIES_MAX, waitingMax: QUERIES_WAITING_MAX }),
  });

  const hub = new LiveHub();
  const publish = (topic: LiveTopic): void => hub.changed(topic);
  const events = new HostEvents(store, clock, () => publish('events'));
  const alerting = await createAlerting({
    store,
    clock,
    logger,
    version,
    rulesFile: config.rulesFile,
    publicUrl: config.publicUrl,
    publish,
    lastPoints: (series, count, before) => lastPoints(realtime.ring, series, count, before),
    prehandling: containerActions({
      driver: config.dockerSocket === null ? null : new DockerDriver({ socketPath: config.dockerSocket, clock }),
      endpointOf: (name) => realtime.ring.find(name)?.endpoint,
    }),
    past: {
      query: (query) => queries.buckets(query),
      endpointOf: (name) => realtime.ring.find(name)?.endpoint,
      oldestSecond: () => realtime.ring.oldestSecond,
    },
  });
  closers.add('alerting', () => alerting.close());
  const scaler = await createScaler({
    store,
    clock,
    logger,
    groupsFile: config.groupsFile,
    dockerSocket: config.dockerSocket,
    masks: masksOf(alerting.operations),
    openAlerts: async () => {
      const open = await alerting.alerts({ status: 'open', limit: ALERTS_ASKED_MAX });
      return open.map(({ rule, endpoint }) => ({ rule, endpoint }));
    },
    publish,
  });
  closers.add('scaler', () => scaler.close());
  const fleet: Fleet = await Fleet.open({
    store,
    clock,
    logger,
    file: config.monitorsFile,
    watchedOn: (host, isAsked) => alerting.watchedOn(host, isAsked),
    hosts: () => realtime.hosts(),
    connected: () => new Set(realtime.collectors().flatMap(({ name, connected }) => (connected ? [name] : []))),
    want: (collector, wanted) => realtime.want(collector, wanted),
  });
  closers.add('fleet', () => fleet.close());
  const hostWatch = new HostWatch(clock, notify);

  const realtime: Realtime = await Realtime.open({
    directory: config.paths.log,
    blocksDirectory: config.paths.blocks,
    clock,
    logger,
    hub,
    listeners: [
      (tick: Tick) => alerting.onTick(tick),
      (tick: Tick) => scaler.onTick(tick),
      (tick: Tick) => hostWatch.onTick(tick),
    ],
    onCollectorLeft: (collector) => alerting.onCollectorLeft(collector),
    fleet,
    takeEvents: (collector, told) => events.take(collector, told),
    historySegment: async () => (await readCursorPosition(config.paths.historyCursor))?.segment ?? null,
  });
  closers.add('realtime', () => realtime.close());
  for (const { collector, dictionary, newest } of rememberedCollectors(realtime)) {
    alerting.remember(collector, dictionary, newest);
  }

  const door = new PushDoor({
    clock,
    senderOf: (name) => realtime.push.sender(name),
    endpointOf: (name) => realtime.ring.find(name)?.endpoint,
    samplesPerSecondMax: config.pushRate,
  });
  const rates = new CounterRates();

  const http = await createHttpServer({ ...config, logger, accounts, tokens, version });
  closers.add('http', () => http.close());
  const secureCookie = config.publicUrl.startsWith('https:');
  sessionRoutes(http, { accounts, tokens, version, secureCookie });
  dataRoutes(http, { realtime, clock, events });
  queryRoutes(http, { queries, events, clock });
  pushRoutes(http, { door, rates, clock });
  alertingRoutes(http, { alerting, clock });
  ruleRoutes(http, alerting);
  deliveryRoutes(http, { alerting, clock });
  linkRoutes(http, { alerting });
  fleetRoutes(http, fleet);
  scalingRoutes(http, { scaler, clock });
  streamRoutes(http, { realtime, hub, clock, accounts, tokens });
  operationsRoutes(http, {
    readiness: () => readinessOf({ realtime, history }),
    metricsText: createMetrics({ realtime, alerting, scaler, history, fleet, queries, door }),
  });
  installRoutes(http, config.installDirectory);
  await consoleRoutes(http, config.consoleDirectory);

  const { falconRpc } = config;
  if (falconRpc !== null) {
    const agents = { door, rates, clock, logger, allowed: falconRpc.allowed };
    const listener = await listen(() => listenForAgents(agents, falconRpc), falconRpc);
    closers.add('falcon rpc', () => listener.close());
  }
  const url = await listen(() => http.listen({ host: config.host, port: config.port }), config);
  const code = (await accounts.hasUser()) ? null : accounts.issueCode();
  notify({ kind: 'listening', url: config.publicUrl, code, recoveredFrames: realtime.status().recovered.frames });
  return url;
}

/** Open alerts that scaling policies are told of, the newest first. */
const ALERTS_ASKED_MAX = 1000;

type Address = Pick<ServerConfig, 'host' | 'port'>;

async function listen<Result>(start: () => Promise<Result>, { host, port }: Address): Promise<Result> {
  try {
    return await start();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw cause;
    throw new AppError('PORT_IN_USE', `another program listens on ${host}:${port}`, {
      hint: 'stop it, or start with another --port',
      cause,
    });
  }
}
