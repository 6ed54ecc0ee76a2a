import { createRequire } from 'node:module';
import {
  type ClickHouseClient,
  type ClickHouseClientConfigOptions,
  ClickHouseLogLevel,
  createClient,
} from '@clickhouse/client';
import { AppError, type Clock, sleep } from '../../core/index.ts';
import { createDatabase, selectDatabase } from './schema.ts';

export type StoreOptions =
  | { readonly kind: 'embedded'; readonly directory: string }
  | {
      readonly kind: 'remote';
      readonly url: string;
      readonly user?: string;
      readonly password?: string;
      /** Created when it is missing; `saker` when left out. */
      readonly database?: string;
      /** For one call, transport included; 30 s when left out. */
      readonly requestTimeoutMs?: number;
    };

/**
 * Two clients, since settings of the embedded engine stick to a connection, and a long query must
 * not hold up an insert.
 */
export type Connections = {
  readonly reader: ClickHouseClient;
  readonly writer: ClickHouseClient;
  /** What must be there before the tables. Harmless to repeat. */
  prepare(): Promise<void>;
  /** Waits for running calls, at most `deadlineMs`, and lets go of the engine. */
  close(deadlineMs: number): Promise<void>;
};

/** What a call may take, engine time and transport; a retry follows, so it bounds a hang only. */
const REQUEST_TIMEOUT_MS = 30_000;

const common = { log: { level: ClickHouseLogLevel.OFF } } as const;

/**
 * Opens the engine, or clients for a server, which need not be reachable yet. Throws
 * `DATA_DIR_LOCKED` when the engine can not have its folder.
 */
export async function connect(options: StoreOptions, clock: Clock): Promise<Connections> {
  return options.kind === 'embedded' ? connectEmbedded(options.directory, clock) : connectRemote(options);
}

/**
 * `chdb/connection` as the client wants it. Its own types name another copy of the client's and do
 * not fit, though the values do; a type of ours at the place where it is loaded says so.
 */
type ConnectionModule = {
  createChdbConnection(options: { path: string }): NonNullable<ClickHouseClientConfigOptions['connection']>;
};

/** The engine (250 MB resident) is loaded here and not at import: the remote form never pays for it. */
async function connectEmbedded(directory: string, clock: Clock): Promise<Connections> {
  const { createChdbConnection }: ConnectionModule = createRequire(import.meta.url)('chdb/connection');
  const { drainPending } = await import('chdb');
  const open = (): ClickHouseClient => {
    try {
      return createClient({ ...common, connection: createChdbConnection({ path: directory }) });
    } catch (cause) {
      throw new AppError('DATA_DIR_LOCKED', 'the embedded history engine can not open its folder', {
        where: directory,
        hint: 'stop the other process that uses it, or check its permissions; the engine’s reason is on stderr',
        cause,
      });
    }
  };
  const writer = open();
  const reader = open();
  return {
    reader,
    writer,
    prepare: async () => {},
    // A connection that is closed under a running call would abort the engine; the binding puts the
    // closing off until the call has ended, and `drainPending` waits for that.
    close: async (deadlineMs) => {
      await Promise.all([reader.close(), writer.close()]);
      const waiting = new AbortController();
      await Promise.race([drainPending(), sleep(clock, deadlineMs, waiting.signal).catch(() => {})]);
      waiting.abort();
    },
  };
}

function connectRemote(options: Extract<StoreOptions, { kind: 'remote' }>): Connections {
  const database = options.database ?? 'saker';
  const config: ClickHouseClientConfigOptions = {
    ...common,
    url: options.url,
    ...(options.user === undefined ? {} : { username: options.user }),
    ...(options.password === undefined ? {} : { password: options.password }),
    application: 'saker',
    request_timeout: options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
    // Long lists of names and ids do not fit into an address.
    use_multipart_params_auto: true,
  };
  const reader = createClient({ ...config, database });
  const writer = createClient({ ...config, database });
  return {
    reader,
    writer,
    prepare: () => createMissingDatabase(createClient(config), database),
    close: async () => {
      await Promise.all([reader.close(), writer.close()]);
    },
  };
}

/** Asks first: a user who may not create databases can still use one that is there. */
async function createMissingDatabase(client: ClickHouseClient, database: string): Promise<void> {
  try {
    const answer = await client.query({
      query: selectDatabase,
      query_params: { database },
      format: 'JSONCompactEachRow',
    });
    const [row] = await answer.json<[number | string]>();
    if (Number(row?.[0]) === 0) await client.command({ query: createDatabase, query_params: { database } });
  } finally {
    await client.close();
  }
}
