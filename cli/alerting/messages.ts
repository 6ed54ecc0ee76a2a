import { channelTestAnswerSchema, deadLettersAnswerSchema, parserOf } from '../../core/index.ts';
import { type ApiAddress, apiAddress, askJson, serverFlags } from '../api-client.ts';
import { type Terminal, UsageError } from '../command.ts';
import { count } from '../file.ts';
import { parseFlags, refusePositionals } from '../flags.ts';

const ANSWER = 'the answer of the server';
const parseLetters = parserOf(deadLettersAnswerSchema, 'BAD_REQUEST', ANSWER);
const parseTest = parserOf(channelTestAnswerSchema, 'BAD_REQUEST', ANSWER);

const lettersOf = async (address: ApiAddress) =>
  parseLetters(await askJson(address, 'GET', '/api/v1/dead-letters?limit=1000')).deadLetters;

export async function deadLetters(args: readonly string[], { out }: Terminal): Promise<number> {
  const { flags, positionals } = parseFlags(args, serverFlags);
  refusePositionals(positionals);
  const letters = await lettersOf(await apiAddress(flags));
  if (letters.length === 0) out('no message was given up');
  for (const { sequence, channel, rule, endpoint, status, attempts, reason, createdAtMs } of letters) {
    const at = new Date(createdAtMs).toISOString().replace(/\.\d+Z$/, 'Z');
    out(
      `${sequence}  ${at}  ${channel}  ${status} ${rule} ${endpoint}  after ${count(attempts, 'attempt')}: ${reason}`,
    );
  }
  return 0;
}

export async function resend(args: readonly string[], { out }: Terminal): Promise<number> {
  const { flags, positionals } = parseFlags(args, serverFlags);
  const isAll = positionals.length === 1 && positionals[0] === 'all';
  if (positionals.length === 0 || (!isAll && !positionals.every((one) => /^\d{1,15}$/.test(one)))) {
    throw new UsageError('saker alerts resend takes numbers as "saker alerts failed" lists them, or: all');
  }
  const address = await apiAddress(flags);
  const numbers = isAll ? (await lettersOf(address)).map(({ sequence }) => String(sequence)) : positionals;
  for (const number of numbers) await askJson(address, 'POST', `/api/v1/dead-letters/${number}/resend`, {});
  out(`${count(numbers.length, 'message')} put back into the outbox`);
  return 0;
}

export async function testChannel(args: readonly string[], { out }: Terminal): Promise<number> {
  const { flags, positionals } = parseFlags(args, serverFlags);
  const [channel, ...rest] = positionals;
  if (channel === undefined || rest.length > 0) throw new UsageError('saker alerts test takes the name of a channel');
  const path = `/api/v1/channels/${encodeURIComponent(channel)}/test`;
  const { delivered, hops } = parseTest(await askJson(await apiAddress(flags), 'POST', path, {}));
  for (const { hop, passed, detail, tookMs } of hops) {
    out(`${passed ? 'ok    ' : 'FAILED'}  ${hop.padEnd(9)} ${detail} (${Math.round(tookMs)} ms)`);
  }
  return delivered ? 0 : 1;
}
