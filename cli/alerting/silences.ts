import { parserOf, readSeconds, type Silence, silenceSchema, silencesAnswerSchema } from '../../core/index.ts';
import { apiAddress, askJson, serverFlags } from '../api-client.ts';
import { type Terminal, UsageError } from '../command.ts';
import { parseFlags, refusePositionals } from '../flags.ts';

const ANSWER = 'the answer of the server';
const parseSilence = parserOf(silenceSchema, 'BAD_REQUEST', ANSWER);
const parseSilences = parserOf(silencesAnswerSchema, 'BAD_REQUEST', ANSWER);

const text = { type: 'string' } as const;
const spec = {
  ...serverFlags,
  for: text,
  reason: text,
  rule: text,
  endpoint: text,
  metric: text,
  kind: text,
  id: text,
} as const;

export async function listSilences(args: readonly string[], { out }: Terminal): Promise<number> {
  const { flags, positionals } = parseFlags(args, serverFlags);
  refusePositionals(positionals);
  const { silences } = parseSilences(await askJson(await apiAddress(flags), 'GET', '/api/v1/silences'));
  if (silences.length === 0) out('nothing keeps messages back');
  for (const silence of silences) out(lineOf(silence));
  return 0;
}

export async function setSilence(args: readonly string[], { out, clock }: Terminal): Promise<number> {
  const { flags, positionals } = parseFlags(args, spec);
  refusePositionals(positionals);
  const { for: long, reason, rule, endpoint, metric, kind, id } = flags;
  const seconds = long === undefined ? undefined : readSeconds(long);
  if (seconds === undefined) throw new UsageError('--for is missing: how long, such as 30m, 4h or 2d');
  if (reason === undefined) throw new UsageError('--reason is missing: why, for the others');
  const matcher = Object.fromEntries(
    Object.entries({ rule, endpoint, metric }).filter(([, value]) => value !== undefined),
  );
  if (Object.keys(matcher).length === 0) {
    throw new UsageError('whose messages? give --rule, --endpoint or --metric; --rule "*" for all');
  }
  const wanted = { ...(id === undefined ? {} : { id }), ...(kind === undefined ? {} : { kind }), matcher, reason };
  const request = { ...wanted, endsAtMs: clock.nowMs() + seconds * 1000 };
  out(lineOf(parseSilence(await askJson(await apiAddress(flags), 'POST', '/api/v1/silences', request))));
  return 0;
}

export async function liftSilence(args: readonly string[], { out }: Terminal): Promise<number> {
  const { flags, positionals } = parseFlags(args, serverFlags);
  const [id, ...rest] = positionals;
  if (id === undefined || rest.length > 0) throw new UsageError('saker alerts lift takes the id of a silence');
  await askJson(await apiAddress(flags), 'DELETE', `/api/v1/silences/${encodeURIComponent(id)}`);
  out(`${id} is over`);
  return 0;
}

function lineOf({ id, kind, owner, endsAtMs, reason, matcher }: Silence): string {
  const { tags = {}, ...rest } = matcher;
  const whose = [...Object.entries(rest), ...Object.entries(tags)].map(([key, value]) => `${key}=${value}`).join(' ');
  return `${id}  ${kind} by ${owner} until ${new Date(endsAtMs).toISOString().slice(0, 16)}Z  ${whose}  ${reason}`;
}
