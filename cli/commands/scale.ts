import { checkGroups, formatProblem } from '../../scaler/index.ts';
import { type Command, UsageError } from '../command.ts';
import { count, readText } from '../file.ts';
import { parseFlags } from '../flags.ts';

export const scaleCommand: Command = {
  name: 'scale',
  summary: 'check a file of scaling groups',
  help: `Usage: saker scale check FILE

Reads a groups file as the server would and lists what is wrong with it, each with line, column and what to write
instead. Exits with 0 when the file is good and with 1 when it is not. docs/scaling.md describes the file.`,
  run: async (args, { out, err }) => {
    const [verb, file, ...rest] = parseFlags(args, {}).positionals;
    if (verb !== 'check' || file === undefined || rest.length > 0)
      throw new UsageError('saker scale takes: check FILE');
    const result = checkGroups(await readText(file), file);
    if (result.kind === 'refused') {
      for (const problem of result.problems) err(formatProblem(problem));
      return 1;
    }
    out(`${file}: ${count(result.groups.length, 'group')}, all good`);
    return 0;
  },
};
