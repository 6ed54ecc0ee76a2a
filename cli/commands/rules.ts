import { backtestRules } from '../alerting/backtest.ts';
import { checkFile } from '../alerting/check.ts';
import { importRules } from '../alerting/import.ts';
import { replayVectors } from '../alerting/replay.ts';
import { serverFlagsHelp } from '../api-client.ts';
import { type Command, UsageError } from '../command.ts';

export const rulesCommand: Command = {
  name: 'rules',
  summary: 'check alert rules, test them on the past, import them',
  help: `Usage: saker rules check FILE
       saker rules backtest --rule FILE [--from TIME] [--to TIME] [flags]
       saker rules replay --vectors FILE
       saker rules import FILE [--notify CHANNEL] [--time-zone NAME]

check     Reads a rules file as the server would and lists what is wrong with it, each with line, column and what
          to write instead. Exits with 0 when the file is good and with 1 when it is not. docs/rules.md describes
          the file.
backtest  Tells when the rules of a file would have fired, how often, and how many messages that makes, beside the
          rules of the same names that are in force. The very judge looks at the seconds of the last 24 h, and
          before that at one-minute averages, which is marked as approximate. Exits with 1 when a rule would page
          too often.
replay    Judges recorded cases of the Open-Falcon judge, one JSON object a line with "id", "rule", "counterType" and
          "points", and prints one line each: {"id","events":[{"status","ts","step","leftValue"}]}. A case whose rule
          can not be judged has no events, and stderr says why. docs/falcon-differences.md tells where the
          answers differ from Open-Falcon's.
import    Writes a rules file with the templates, strategies and expressions of an Open-Falcon portal: from the JSON of
          its API, or from a mysqldump of falcon_portal. What a person has to look at goes to stderr.

Flags of import:
  --notify NAME          channel or team that is told of every rule (nobody)
  --time-zone NAME       of the portal's server, for run_begin and run_end (Asia/Shanghai)

Flags of backtest:
  --from TIME            a time ago such as 24h or 7d, or a date (24h)
  --to TIME              the same, or now (now)
  --max-per-day NUMBER   pages a day that are too many (10)
  --json                 print the API's answer
${serverFlagsHelp}`,
  run: async (args, terminal) => {
    const [verb, ...rest] = args;
    switch (verb) {
      case 'check':
        return checkFile(rest, terminal);
      case 'backtest':
        return backtestRules(rest, terminal);
      case 'import':
        return importRules(rest, terminal);
      case 'replay':
        return replayVectors(rest, terminal);
      default:
        throw new UsageError(
          'saker rules takes: check FILE, backtest --rule FILE, replay --vectors FILE, or import FILE',
        );
    }
  },
};
