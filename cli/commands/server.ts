import { historyFlags, historyFlagsHelp, serverFlags, serverFlagsHelp } from '../../server/index.ts';
import type { Command } from '../command.ts';
import { runProcesses } from '../processes/processes.ts';

export const serverCommand: Command = {
  name: 'server',
  summary: 'run the server and its history engine, without a collector on this host',
  help: `Usage: saker server [flags]

Runs the server and the history engine, each a process of its own that is started again when it dies. Collectors on
other hosts connect to it: saker collector --help.

Flags:
${serverFlagsHelp}
${historyFlagsHelp}
  --verbose               log what happens, not only what goes wrong`,
  run: (args, terminal) =>
    runProcesses(args, terminal, { flags: { ...serverFlags, ...historyFlags }, withCollector: false }),
};
