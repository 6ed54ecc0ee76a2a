import { checkRules, formatFault } from '../../alerting/index.ts';
import { type Command, UsageError } from '../command.ts';
import { count, readText } from '../file.ts';
import { parseFlags } from '../flags.ts';

export const rulesCommand: Command = {
  name: 'rules',
  summary: 'check a file of alert rules',
  help: `Usage: saker rules check FILE

Reads a rules file as the server would and lists what is wrong with it, each with line, column and what to write
instead. Exits with 0 when the file is good and with 1 when it is not. docs/rules.md describes the file.`,
  run: async (args, { out, err }) => {
    const [verb, file, ...rest] = parseFlags(args, {}).positionals;
    if (verb !== 'check' || file === undefined || rest.length > 0) {
      throw new UsageError('saker rules takes: check FILE');
    }
    const result = checkRules(await readText(file), file);
    if (result.kind === 'invalid') {
      for (const fault of result.errors) err(formatFault(fault));
      return 1;
    }
    out(`${file}: ${count(result.rules.length, 'rule')}, ${count(result.channels.length, 'channel')}, all good`);
    return 0;
  },
};
