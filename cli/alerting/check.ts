import { checkRules, formatFault } from '../../alerting/index.ts';
import { type Terminal, UsageError } from '../command.ts';
import { count, readText } from '../file.ts';
import { parseFlags } from '../flags.ts';

export async function checkFile(args: readonly string[], { out, err }: Terminal): Promise<number> {
  const [file, ...rest] = parseFlags(args, {}).positionals;
  if (file === undefined || rest.length > 0) throw new UsageError('saker rules check takes one FILE');
  const result = checkRules(await readText(file), file);
  if (result.kind === 'invalid') {
    for (const fault of result.errors) err(formatFault(fault));
    return 1;
  }
  const inTemplates = result.templates.reduce((sum, template) => sum + template.rules.length, 0);
  const parts = [count(result.rules.length + inTemplates, 'rule'), count(result.channels.length, 'channel')];
  if (result.templates.length > 0) parts.push(count(result.templates.length, 'template'));
  out(`${file}: ${parts.join(', ')}, all good`);
  return 0;
}
