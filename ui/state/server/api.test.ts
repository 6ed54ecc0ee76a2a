import { describe, expect, test } from 'vitest';
import type { Clock } from '../clock.ts';
import { Api, ApiProblem, NO_ANSWER } from './api.ts';

const clock: Clock = { nowMs: () => 1000, after: () => () => {} };

function apiThatGets(answer: () => Response) {
  const paths: string[] = [];
  const seen = { signedOut: 0, serverMs: 0, paths };
  const api = new Api({
    clock,
    fetch: async (path) => {
      seen.paths.push(String(path));
      return answer();
    },
    onSignedOut: () => seen.signedOut++,
    onServerTime: (serverMs) => {
      seen.serverMs = serverMs;
    },
  });
  return { api, seen };
}

const json = (status: number, body: unknown) => new Response(JSON.stringify(body), { status });

async function problemFrom(asked: Promise<unknown>): Promise<ApiProblem> {
  const error = await asked.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ApiProblem)) throw new Error(`expected an ApiProblem, got ${String(error)}`);
  return error;
}

describe('asking the server', () => {
  test('an answer with the time tells how far our clock is off', async () => {
    const { api, seen } = apiThatGets(() => json(200, { nowMs: 5000, endpoints: [] }));
    expect(await api.endpoints()).toEqual({ nowMs: 5000, endpoints: [] });
    expect(seen.serverMs).toBe(5000);
  });

  test('an ended session is told once, a wrong code is not an ended session', async () => {
    const { api, seen } = apiThatGets(() => json(401, { code: 'UNAUTHENTICATED', message: 'Sign in first' }));
    expect((await problemFrom(api.rules())).problem.code).toBe('UNAUTHENTICATED');
    expect(seen.signedOut).toBe(1);
    await problemFrom(api.signIn({ code: 'wrong' }));
    expect(seen.signedOut).toBe(1);
  });

  test("a proxy's page is described by its status", async () => {
    const { api } = apiThatGets(() => new Response('<h1>Bad gateway</h1>', { status: 502, statusText: 'Bad Gateway' }));
    expect((await problemFrom(api.rules())).problem.message).toBe('502 Bad Gateway');
  });

  test('a server that does not answer is a problem with status 0', async () => {
    const { api } = apiThatGets(() => {
      throw new TypeError('Failed to fetch');
    });
    expect(await problemFrom(api.rules())).toMatchObject({ status: 0, problem: { code: NO_ANSWER } });
  });

  test('names go into addresses escaped', async () => {
    const { api, seen } = apiThatGets(() => json(200, { nowMs: 1, decisions: [], actions: [] }));
    await api.decisions('a&b=/ü');
    expect(seen.paths).toEqual(['/api/v1/decisions?group=a%26b%3D%2F%C3%BC']);
  });
});
