/** The collector as a process: flags in, JSON lines out on stderr, and signals. */
import { hostname } from 'node:os';
import { describeError, isAppError, type Logger, systemClock } from '../core/index.ts';
import { collectorUsage, parseCollectorFlags, runCollector } from './index.ts';

const EXIT_FAILED = 1;
const EXIT_WRONG_USE = 2;

async function main(): Promise<number> {
  const flags = parseCollectorFlags(process.argv.slice(2), hostname());
  if (flags.help) {
    process.stdout.write(collectorUsage);
    return 0;
  }
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
  // A collector that was started by `saker up` ends with it, however that one ended.
  if (process.channel) process.once('disconnect', () => stop.abort());
  const logger = stderrLogger(flags.logLevel);
  await runCollector({ ...flags, clock: systemClock, logger }, stop.signal);
  return 0;
}

/** Lines like pino's, without pino: 15 MB of memory matter in a process that runs on every host. */
function stderrLogger(level: 'info' | 'warn'): Logger {
  const write =
    (severity: number) =>
    (fields: object, message: string): void => {
      const line = { level: severity, time: systemClock.nowMs(), name: 'collector', ...fields, msg: message };
      process.stderr.write(`${JSON.stringify(line)}\n`);
    };
  return { debug: () => {}, info: level === 'info' ? write(30) : () => {}, warn: write(40), error: write(50) };
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${describeError(error)}\n`);
  process.exitCode = isAppError(error, 'CONFIG_INVALID') ? EXIT_WRONG_USE : EXIT_FAILED;
}
process.exit();
