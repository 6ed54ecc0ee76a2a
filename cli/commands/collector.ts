import { hostname } from 'node:os';
import { collectorUsage, parseCollectorFlags } from '../../collector/index.ts';
import { describeError } from '../../core/index.ts';
import { type Command, UsageError } from '../command.ts';
import { supervise } from '../processes/supervisor.ts';

export const collectorCommand: Command = {
  name: 'collector',
  summary: 'run the collector of this host against a server elsewhere',
  help: collectorUsage,
  run: (args, { clock, err, signal }) => {
    checkFlags(args);
    return supervise(
      [{ name: 'collector', module: 'collector/saker-collector.mjs', args, nodeArgs: ['--max-semi-space-size=1'] }],
      {
        clock,
        signal,
        onMessage: () => {},
        onExit: (name, how, restartMs) =>
          err(`saker: the ${name} ended (${how}); starting it again in ${restartMs / 1000} s`),
      },
    );
  },
};

/** Wrong use is said here, once, instead of by a process that is started again. */
function checkFlags(args: readonly string[]): void {
  try {
    parseCollectorFlags(args, hostname());
  } catch (error) {
    throw new UsageError(describeError(error));
  }
}
