import { importPortal, isTimeZone, readPortal } from '../../alerting/index.ts';
import { type Terminal, UsageError } from '../command.ts';
import { count, readText } from '../file.ts';
import { parseFlags } from '../flags.ts';

const spec = { notify: { type: 'string' }, 'time-zone': { type: 'string' } } as const;

/** The rules file goes to stdout; what a person has to look at goes to stderr. */
export async function importRules(args: readonly string[], { out, err }: Terminal): Promise<number> {
  const { flags, positionals } = parseFlags(args, spec);
  const [file, ...rest] = positionals;
  if (file === undefined || rest.length > 0) throw new UsageError('saker rules import takes one FILE');
  const timeZone = flags['time-zone'] ?? 'Asia/Shanghai';
  if (!isTimeZone(timeZone)) throw new UsageError('--time-zone takes a name such as Asia/Shanghai or UTC');
  const portal = readPortal(await readText(file));
  const { yaml, ruleCount, templateCount, notes } = importPortal(portal, { notify: flags.notify ?? null, timeZone });
  out(yaml.trimEnd());
  for (const note of notes) err(note);
  err(`${count(ruleCount, 'rule')} in ${count(templateCount, 'template')}, ${count(notes.length, 'thing')} to look at`);
  return 0;
}
