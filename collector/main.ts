/** The collector as a process: flags in, JSON lines out on stderr, and signals. */
import { hostname } from 'node:os';
import { describeError, isAppError, systemClock } from '../core/index.ts';
import { collectorUsage, keepProcessSmall, lineLogger, parseCollectorFlags, runCollector } from './index.ts';

const EXIT_FAILED = 1;
const EXIT_WRONG_USE = 2;

async function main(): Promise<number> {
  const flags = parseCollectorFlags(process.argv.slice(2), hostname());
  if (flags.help) {
    process.stdout.write(collectorUsage);
    return 0;
  }
  keepProcessSmall();
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
  // A collector that was started by `saker up` ends with it, however that one ended.
  if (process.channel) process.once('disconnect', () => stop.abort());
  const logger = lineLogger(flags.logLevel, systemClock, (line) => process.stderr.write(`${line}\n`));
  await runCollector({ ...flags, clock: systemClock, logger }, stop.signal);
  return 0;
}

function failed(error: unknown): number {
  process.stderr.write(`${describeError(error)}\n`);
  return isAppError(error, 'CONFIG_INVALID') ? EXIT_WRONG_USE : EXIT_FAILED;
}

// Not awaited here: what is loaded later may import from this module's file in a bundle, and would wait for its end.
void main()
  .catch(failed)
  .then((code) => process.exit(code));
