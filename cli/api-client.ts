/** Asks a server's API as a person at a terminal does: an address, and a file that holds a token. */
import { AppError } from '../core/index.ts';
import { UsageError } from './command.ts';
import { readText } from './file.ts';

export const serverFlags = { server: { type: 'string' }, 'token-file': { type: 'string' } } as const;

export const serverFlagsHelp = `  --server URL           the server (http://127.0.0.1:7070)
  --token-file FILE      a file that holds a token of scope api`;

const ADDRESS_DEFAULT = 'http://127.0.0.1:7070';
const ANSWER_MS_MAX = 10 * 60 * 1000;

export type ApiAddress = { readonly url: string; readonly token: string };

type Flags = { readonly server?: string | undefined; readonly 'token-file'?: string | undefined };

export async function apiAddress(flags: Flags): Promise<ApiAddress> {
  const server = flags.server ?? ADDRESS_DEFAULT;
  const isAddress = URL.canParse(server) && /^https?:$/.test(new URL(server).protocol);
  if (!isAddress) throw new UsageError('--server takes an address like http://127.0.0.1:7070');
  const tokenFile = flags['token-file'];
  if (tokenFile === undefined) throw new UsageError('--token-file is missing: a file with a token of scope api');
  return { url: server.replace(/\/+$/, ''), token: (await readText(tokenFile)).trim() };
}

type Method = 'GET' | 'POST' | 'DELETE';

export const postJson = (address: ApiAddress, path: string, body: object): Promise<unknown> =>
  askJson(address, 'POST', path, body);

/** The answer's JSON. Rejects with the problem that the server tells. */
export async function askJson(
  { url, token }: ApiAddress,
  method: Method,
  path: string,
  body?: object,
): Promise<unknown> {
  const answer = await fetch(`${url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(ANSWER_MS_MAX),
  }).catch((cause: unknown) => {
    throw new AppError('TIMEOUT', 'the server does not answer', {
      where: url,
      hint: 'is it running, and is the address right?',
      cause,
    });
  });
  const said: unknown = await answer.json().catch(() => null);
  if (answer.ok) return said;
  const { message, where, hint } = problemOf(said);
  if (answer.status === 401 || answer.status === 403) {
    throw new AppError('TOKEN_REFUSED', 'the server refuses the token', {
      where: url,
      hint: 'make one of scope api in the console',
    });
  }
  throw new AppError('BAD_REQUEST', message ?? `the server answered with status ${answer.status}`, {
    ...(where === undefined ? {} : { where }),
    ...(hint === undefined ? {} : { hint }),
  });
}

function problemOf(said: unknown): { message?: string; where?: string; hint?: string } {
  if (typeof said !== 'object' || said === null) return {};
  const texts = Object.entries(said).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return Object.fromEntries(texts);
}
