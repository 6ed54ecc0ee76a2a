import { type BacktestAnswer, backtestAnswerSchema, formatSeconds, parserOf, readSeconds } from '../../core/index.ts';
import { apiAddress, postJson, serverFlags } from '../api-client.ts';
import { type Terminal, UsageError } from '../command.ts';
import { count, readText } from '../file.ts';
import { parseFlags, refusePositionals } from '../flags.ts';

const parseAnswer = parserOf(backtestAnswerSchema, 'BAD_REQUEST', 'the answer of the server');

const text = { type: 'string' } as const;
const spec = {
  ...serverFlags,
  rule: text,
  from: text,
  to: text,
  'max-per-day': text,
  json: { type: 'boolean' },
} as const;

/** Exits with 0, or with 1 where a rule would page too often, so that a pipeline can stop there. */
export async function backtestRules(args: readonly string[], { out, err, clock }: Terminal): Promise<number> {
  const { flags, positionals } = parseFlags(args, spec);
  refusePositionals(positionals);
  const { rule: file, from = '24h', to = 'now', 'max-per-day': most = '10' } = flags;
  if (file === undefined) throw new UsageError('saker rules backtest takes: --rule FILE, a rules file');
  if (!/^\d{1,6}$/.test(most))
    throw new UsageError(`--max-per-day takes a number of pages, not ${JSON.stringify(most)}`);
  const nowMs = clock.nowMs();
  const query = {
    rules: await readText(file),
    fileName: file,
    fromMs: timeOf('--from', from, nowMs),
    toMs: timeOf('--to', to, nowMs),
    pagesPerDayMax: Number(most),
  };
  const answer = parseAnswer(await postJson(await apiAddress(flags), '/api/v1/rules/backtest', query));
  if (flags.json === true) out(JSON.stringify(answer));
  else for (const line of report(answer)) out(line);
  const warnings = answer.rules.flatMap(({ warning }) => warning ?? []);
  for (const warning of warnings) err(`saker rules backtest: ${warning}`);
  return warnings.length === 0 ? 0 : 1;
}

/** `now`, a time ago such as `24h`, or a date that JavaScript reads. Ms since 1970. */
function timeOf(flag: string, written: string, nowMs: number): number {
  if (written === 'now') return nowMs;
  const seconds = readSeconds(written.replace(/^-/, ''));
  if (seconds !== undefined) return nowMs - seconds * 1000;
  const date = /^\d{4}-\d{2}-\d{2}/.test(written) ? Date.parse(written) : Number.NaN;
  if (Number.isFinite(date)) return date;
  throw new UsageError(
    `${flag} takes now, a time ago such as 24h, or a date such as 2026-01-31T09:00Z, not ${JSON.stringify(written)}`,
  );
}

const FIRINGS_SHOWN = 20;

function* report({ fromMs, toMs, approximate, seconds, series, rules }: BacktestAnswer): Iterable<string> {
  const note = approximate ? ', in part on one-minute averages: approximate' : '';
  yield `${at(fromMs)} to ${at(toMs)}: ${series} series, ${seconds} ticks${note}`;
  for (const { rule, outcome, before } of rules) {
    yield '';
    yield `${rule}`;
    yield `  would fire   ${summary(outcome)}`;
    yield before === null ? '  in force     no rule of that name' : `  in force     ${summary(before)}`;
    for (const { series: name, sinceMs, endMs, leftValue } of outcome.firings.slice(0, FIRINGS_SHOWN)) {
      const lasted = endMs === null ? 'not over' : `for ${formatSeconds(Math.round((endMs - sinceMs) / 1000))}`;
      yield `  ${at(sinceMs)}  ${name}  ${leftValue}  ${lasted}`;
    }
    if (outcome.incidents > FIRINGS_SHOWN) yield `  … and ${outcome.incidents - FIRINGS_SHOWN} more`;
  }
}

function summary({
  incidents,
  messages,
  problemsPerDay,
  openSeconds,
}: BacktestAnswer['rules'][number]['outcome']): string {
  return `${count(incidents, 'time')}, ${count(messages, 'message')}, ${problemsPerDay} pages a day, open for ${formatSeconds(openSeconds)} in all`;
}

const at = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
