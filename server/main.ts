import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Level, pino } from 'pino';
import { describeError, isAppError, systemClock } from '../core/index.ts';
import { startApp } from './app.ts';
import { serverConfig, serverFlags } from './config.ts';
import type { ServerNotice } from './lifecycle/notices.ts';
import { stopRequest } from './lifecycle/stop-request.ts';

/** Told to the supervisor: starting again would not help. */
const EXIT_UNUSABLE = 3;

const { values } = parseArgs({ options: { ...serverFlags, 'log-level': { type: 'string' } } });
const logger = pino(
  { level: (values['log-level'] ?? 'info') as Level, base: { process: 'server' } },
  pino.destination(2),
);
const notify = (notice: ServerNotice): void => {
  if (process.connected) process.send?.(notice);
};

process.on('uncaughtException', (error) => {
  logger.fatal({ err: error }, 'a bug: the process ends and is started again');
  process.exit(1);
});

// What the server writes is for its owner's eyes, also in a folder that was there before.
process.umask(0o077);
const stop = stopRequest(process);
try {
  const config = serverConfig(values, fileURLToPath(new URL('../ui', import.meta.url)));
  const app = await startApp({ config, clock: systemClock, logger, pid: process.pid, notify });
  logger.info({ url: app.url }, 'listening');
  await stop;
  await app.close();
  process.exit(0);
} catch (error) {
  const isUnusable = ['PORT_IN_USE', 'DATA_DIR_LOCKED', 'BAD_REQUEST', 'CONFIG_INVALID'].some(
    (code) => isAppError(error) && error.code === code,
  );
  process.stderr.write(`saker: ${describeError(error)}\n`);
  if (!isUnusable) logger.error({ err: error }, 'the server could not start');
  process.exit(isUnusable ? EXIT_UNUSABLE : 1);
}
