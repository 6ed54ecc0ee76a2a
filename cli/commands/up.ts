import { historyFlags, historyFlagsHelp, serverFlags, serverFlagsHelp } from '../../server/index.ts';
import type { Command } from '../command.ts';
import { runProcesses } from '../processes/processes.ts';

export const upCommand: Command = {
  name: 'up',
  summary: 'run everything on this host: server, history engine and collector',
  help: `Usage: saker up [flags]

Runs the server, the history engine and this host's collector, each a process of its own that is started again when it
dies. Ctrl-C or SIGTERM stops all of them.

Flags:
${serverFlagsHelp}
${historyFlagsHelp}
  --name NAME             what this host is called (its host name)
  --config FILE           labels, monitors and receivers of this host, see docs/hosts/monitors.md (none)
  --verbose               log what happens, not only what goes wrong`,
  run: (args, terminal) =>
    runProcesses(args, terminal, {
      flags: { ...serverFlags, ...historyFlags, name: { type: 'string' }, config: { type: 'string' } },
      withCollector: true,
    }),
};
