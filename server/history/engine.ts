/** The history engine's wiring: realtime's log reader into history's follower, and the door to both. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, type Clock, type Logger } from '../../core/index.ts';
import { Follower, openStore, type StoreOptions, serveHistory } from '../../history/index.ts';
import { openLogReader } from '../../realtime/index.ts';
import { dataPaths } from '../config.ts';
import { Closers } from '../lifecycle/closers.ts';
import type { historyFlags } from './config.ts';

/** How long one-minute rollups are kept. */
const RETENTION_DAYS = 90;

const CLOSE_DEADLINE_MS = 5000;

export type HistoryEngineOptions = {
  readonly dataDirectory: string;
  readonly flags: { readonly [Name in keyof typeof historyFlags]?: string | undefined };
  readonly password: string | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
};

export async function startHistory(options: HistoryEngineOptions): Promise<{ close(): Promise<void> }> {
  const { clock, logger } = options;
  const paths = dataPaths(options.dataDirectory);
  const closers = new Closers(clock, logger);
  const close = (): Promise<void> => closers.closeAll(CLOSE_DEADLINE_MS);
  try {
    for (const folder of [paths.log, paths.history]) await mkdir(folder, { recursive: true, mode: 0o700 });
    const store = await openStore(storeOptions(options, paths.history), { clock, retentionDays: RETENTION_DAYS });
    closers.add('store', () => store.close(CLOSE_DEADLINE_MS));
    const reader = openLogReader(paths.log);
    const follower = new Follower({
      sink: store,
      reader,
      clock,
      logger,
      cursorPath: paths.historyCursor,
      retentionDays: RETENTION_DAYS,
    });
    closers.add('follower', () => follower.stop(CLOSE_DEADLINE_MS));
    const door = await serveHistory({ store, follower, socketPath: paths.historySocket, clock, logger });
    closers.add('door', () => door.close(CLOSE_DEADLINE_MS));
    follower.start();
    return { close };
  } catch (error) {
    await close();
    throw error;
  }
}

function storeOptions({ flags, password }: HistoryEngineOptions, directory: string): StoreOptions {
  const url = flags['clickhouse-url'];
  if (url === undefined) return { kind: 'embedded', directory: join(directory, 'engine') };
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new AppError('BAD_REQUEST', `--clickhouse-url takes an http or https address, not ${JSON.stringify(url)}`);
  }
  const user = flags['clickhouse-user'];
  const database = flags['clickhouse-database'];
  return {
    kind: 'remote',
    url,
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    ...(database === undefined ? {} : { database }),
  };
}
