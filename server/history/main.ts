import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type Level, pino } from 'pino';
import { describeError, isAppError, systemClock } from '../../core/index.ts';
import { stopRequest } from '../lifecycle/stop-request.ts';
import { historyFlags } from './config.ts';
import { startHistory } from './engine.ts';

const EXIT_UNUSABLE = 3;

const { values } = parseArgs({
  options: { ...historyFlags, 'data-dir': { type: 'string' }, 'log-level': { type: 'string' } },
});
const logger = pino(
  { level: (values['log-level'] ?? 'info') as Level, base: { process: 'history' } },
  pino.destination(2),
);

process.umask(0o077);
const stop = stopRequest(process);
try {
  const passwordFile = values['clickhouse-password-file'];
  const password = passwordFile === undefined ? undefined : (await readFile(passwordFile, 'utf8')).trim();
  const engine = await startHistory({
    dataDirectory: values['data-dir'] ?? '.saker',
    flags: values,
    password,
    clock: systemClock,
    logger,
  });
  await stop;
  await engine.close();
  process.exit(0);
} catch (error) {
  const isUnusable = isAppError(error, 'DATA_DIR_LOCKED') || isAppError(error, 'BAD_REQUEST');
  process.stderr.write(`saker: history: ${describeError(error)}\n`);
  process.exit(isUnusable ? EXIT_UNUSABLE : 1);
}
