import { version } from '../../core/index.ts';
import type { Command } from '../command.ts';
import { parseFlags, refusePositionals } from '../flags.ts';

export const versionCommand: Command = {
  name: 'version',
  summary: 'print the version',
  help: 'Usage: saker version',
  run: async (args, { out }) => {
    refusePositionals(parseFlags(args, {}).positionals);
    out(`saker ${version} (node ${process.versions.node})`);
    return 0;
  },
};
