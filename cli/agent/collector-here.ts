import { hostname } from 'node:os';
import {
  collectorUsage,
  keepProcessSmall,
  lineLogger,
  parseCollectorFlags,
  runCollector,
} from '../../collector/index.ts';
import { describeError } from '../../core/index.ts';
import { type Command, UsageError } from '../command.ts';

/** The collector in this very process: what starts it again when it dies is the system's own supervisor. */
export const collectorHere: Command = {
  name: 'collector',
  summary: 'run the collector of this host against a server elsewhere',
  help: collectorUsage,
  run: async (args, { err, clock, signal }) => {
    const flags = flagsOf(args);
    keepProcessSmall();
    await runCollector({ ...flags, clock, logger: lineLogger(flags.logLevel, clock, err) }, signal);
    return 0;
  },
};

function flagsOf(args: readonly string[]) {
  try {
    return parseCollectorFlags(args, hostname());
  } catch (error) {
    throw new UsageError(describeError(error));
  }
}
