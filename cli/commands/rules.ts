import { type CheckedRules, checkRules, formatFault, parseVector, replayVector } from '../../alerting/index.ts';
import { describeError } from '../../core/index.ts';
import { type Command, type Terminal, UsageError } from '../command.ts';
import { count, readText } from '../file.ts';
import { parseFlags } from '../flags.ts';

export const rulesCommand: Command = {
  name: 'rules',
  summary: 'check a file of alert rules, replay recorded cases',
  help: `Usage: saker rules check FILE
       saker rules replay --vectors FILE

check     Reads a rules file as the server would and lists what is wrong with it, each with line, column and what
          to write instead. Exits with 0 when the file is good and with 1 when it is not. docs/rules.md describes
          the file.
replay    Judges recorded cases of the Open-Falcon judge, one JSON object a line with "id", "rule", "counterType" and
          "points", and prints one line each: {"id","events":[{"status","ts","step","leftValue"}]}. A case whose rule
          can not be judged has no events, and stderr says why. docs/falcon-differences.md tells where the
          answers differ from Open-Falcon's.`,
  run: async (args, terminal) => {
    const [verb, ...rest] = args;
    if (verb === 'check') return check(rest, terminal);
    if (verb === 'replay') return replay(rest, terminal);
    throw new UsageError('saker rules takes: check FILE, or replay --vectors FILE');
  },
};

async function check(args: readonly string[], { out, err }: Terminal): Promise<number> {
  const [file, ...rest] = parseFlags(args, {}).positionals;
  if (file === undefined || rest.length > 0) throw new UsageError('saker rules check takes one FILE');
  const result: CheckedRules = checkRules(await readText(file), file);
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

/** A line that is no vector costs that line, and the exit code. */
async function replay(args: readonly string[], { out, err }: Terminal): Promise<number> {
  const { flags, positionals } = parseFlags(args, { vectors: { type: 'string' } });
  if (flags.vectors === undefined || positionals.length > 0) {
    throw new UsageError('saker rules replay takes: --vectors FILE');
  }
  const lines = (await readText(flags.vectors)).split('\n');
  let faults = 0;
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue;
    try {
      const vector = parseVector(JSON.parse(line));
      const { events, fault } = replayVector(vector);
      if (fault !== null) err(`${flags.vectors}:${index + 1}: the rule is passed over: ${fault}`);
      out(JSON.stringify({ id: vector.id, events }));
    } catch (error) {
      faults++;
      err(`${flags.vectors}:${index + 1}: ${describeError(error)}`);
    }
  }
  return faults === 0 ? 0 : 1;
}
