import { checkCollectorFile, formatFileFault } from '../../collector/index.ts';
import { checkFleetFile } from '../../server/index.ts';
import { type Command, UsageError } from '../command.ts';
import { count, readText } from '../file.ts';
import { parseFlags } from '../flags.ts';

export const monitorsCommand: Command = {
  name: 'monitors',
  summary: 'check a file of monitors',
  help: `Usage: saker monitors check FILE [--server]

Reads a file of monitors as a collector (its --config), or with --server as the server (its --monitors) would, and lists
what is wrong with it, each with line, column and what to write instead. Exits with 0 when the file is good and with 1
when it is not. docs/hosts/monitors.md describes both files.`,
  run: async (args, { out, err }) => {
    const { flags, positionals } = parseFlags(args, { server: { type: 'boolean' } });
    const [verb, file, ...rest] = positionals;
    if (verb !== 'check' || file === undefined || rest.length > 0) {
      throw new UsageError('saker monitors takes: check FILE [--server]');
    }
    const text = await readText(file);
    const checked = flags.server === true ? await checkFleetFile(text, file) : await checkCollectorFile(text, file);
    if (checked.kind === 'invalid') {
      for (const fault of checked.faults) err(formatFileFault(fault));
      return 1;
    }
    const { monitors } = 'config' in checked ? checked.config : checked.file;
    out(`${file}: ${count(monitors.length, 'monitor')}, all good`);
    return 0;
  },
};
