import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import type { Console } from '../../harness/console.ts';
import { Saker } from '../../harness/saker.ts';

let saker: Saker;
let person: Console;
beforeAll(async () => {
  saker = await Saker.start({ command: 'server' });
  person = await saker.signIn();
});
afterAll(() => saker.stop());

type Problem = { code: string; message: string; where?: string };

async function send(
  path: string,
  init: RequestInit & { headers?: Record<string, string> } = {},
): Promise<{ status: number; problem: Problem }> {
  const headers = {
    cookie: person.cookie,
    ...(init.body ? { 'content-type': 'application/json' } : {}),
    ...init.headers,
  };
  const response = await fetch(`${saker.url}${path}`, { ...init, headers });
  const text = await response.text();
  return { status: response.status, problem: text.startsWith('{') ? JSON.parse(text) : { code: '', message: text } };
}

const query = (body: unknown) =>
  send('/api/v1/query_range', { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) });
const good = { select: { metrics: ['cpu.busy'] }, fromMs: 1_700_000_000_000, toMs: 1_700_000_060_000 };

const bad = (field: string, message: string) => ({ status: 400, where: `body/${field}`, message });

describe('what is not well-formed', () => {
  const metrics = (list: string[]) => ({ ...good, select: { metrics: list } });
  const month = { ...good, fromMs: good.fromMs - 86_400_000 * 30, stepSeconds: 60 };
  test.each<[string, unknown, { status: number; where: string; message: string }]>([
    ['an unknown field', { ...good, points: 7 }, bad('points', 'is not a known field')],
    ['a missing field', { fromMs: 1, toMs: 2 }, bad('', 'must have required properties select')],
    ['a number as text', { ...good, fromMs: '1700000000000' }, bad('fromMs', 'must be integer')],
    ['a negative time', { ...good, fromMs: -1 }, bad('fromMs', 'must be >= 0')],
    ['a metric with markup', metrics(['<b>']), bad('select/metrics/0', 'must match pattern')],
    ['too many metrics', metrics(Array(101).fill('a')), bad('select/metrics', 'must not have more than 100 items')],
    ['an empty range', { ...good, toMs: good.fromMs }, bad('fromMs', 'the range is empty')],
    ['more buckets than fit', month, { status: 422, where: 'buckets', message: 'too many buckets' }],
  ])('is refused with the field named: %s', async (_, body, { status, where, message }) => {
    const answer = await query(body);
    expect([answer.status, answer.problem.where]).toStrictEqual([status, where]);
    expect(answer.problem.message).toContain(message);
  });

  test('is refused as JSON that is none', async () => {
    expect((await query('{"select":')).problem.code).toBe('BAD_REQUEST');
    expect((await query('{"__proto__": {"admin": true}}')).status).toBe(400);
  });

  test('is refused with the words that would be taken', async () => {
    const answer = await send('/api/v1/tokens', { method: 'POST', body: '{"name":"x","scope":"read"}' });
    expect(answer.problem).toMatchObject({ where: 'body/scope', message: 'must be one of "collector", "api", "push"' });
  });

  test('is refused by size and by type', async () => {
    expect((await query(`{"select": "${'x'.repeat(70_000)}"}`)).problem.code).toBe('PAYLOAD_TOO_LARGE');
    const form = await send('/api/v1/query_range', {
      method: 'POST',
      body: 'a=b',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect([form.status, form.problem.code]).toStrictEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
  });

  test('is refused in query strings', async () => {
    expect((await send('/api/v1/alerts?limit=many')).problem).toMatchObject({
      code: 'BAD_REQUEST',
      where: 'querystring/limit',
    });
    expect((await send('/api/v1/alerts?limt=3')).problem).toMatchObject({
      code: 'BAD_REQUEST',
      where: 'querystring/limt',
    });
    expect((await send('/api/v1/alerts?limit=3&status=all')).status).toBe(200);
  });

  test('has a problem as its body where there is no such route', async () => {
    expect(await send('/api/v1/nothing')).toMatchObject({ status: 404, problem: { code: 'NOT_FOUND' } });
  });
});

describe('who may', () => {
  test.each(['/api/v1/endpoints', '/api/v1/alerts', '/api/v1/tokens', '/api/v1/decisions', '/api/v1/metadata'])(
    'nobody read %s without signing in',
    async (path) => {
      expect((await fetch(`${saker.url}${path}`)).status).toBe(401);
    },
  );

  test('a page of another site do nothing with somebody’s cookie', async () => {
    for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { origin: 'http://evil.example' }, { origin: 'null' }]) {
      const answer = await send('/api/v1/tokens', {
        method: 'POST',
        body: '{"name":"x","scope":"api"}',
        headers: headers as Record<string, string>,
      });
      expect(answer.status).toBe(403);
    }
    const upgrade = new WebSocket(`${saker.url.replace('http', 'ws')}/api/v1/live`, {
      headers: { cookie: person.cookie, origin: 'http://evil.example' },
    });
    const status = await new Promise((resolve) =>
      upgrade.once('unexpected-response', (_request, response) => resolve(response.statusCode)),
    );
    expect(status).toBe(403);
  });

  test('an API token read but make no tokens, and a collector’s token do neither', async () => {
    const { secret } = await person.post<{ secret: string }>('/api/v1/tokens', { name: 'script', scope: 'api' });
    const { secret: joining } = await person.post<{ secret: string }>('/api/v1/tokens', {
      name: 'web-1',
      scope: 'collector',
    });
    const as = (token: string, path: string) =>
      fetch(`${saker.url}${path}`, { headers: { authorization: `Bearer ${token}` } });
    expect((await as(secret, '/api/v1/endpoints')).status).toBe(200);
    expect((await as(secret, '/api/v1/tokens')).status).toBe(401);
    expect((await as(joining, '/api/v1/endpoints')).status).toBe(401);
  });

  test('a collector join with a wrong token', async () => {
    const socket = new WebSocket(`${saker.url.replace('http', 'ws')}/api/v1/collect`, {
      headers: { authorization: 'Bearer saker_nobody00_x' },
    });
    const status = await new Promise((resolve) =>
      socket.once('unexpected-response', (_request, response) => resolve(response.statusCode)),
    );
    expect(status).toBe(401);
  });

  test('anybody guess passwords slowly only', async () => {
    const statuses: number[] = [];
    for (let guess = 0; guess < 14; guess++) {
      const answer = await fetch(`${saker.url}/api/v1/session`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ code: `guess-${guess}` }),
      });
      statuses.push(answer.status);
    }
    expect(statuses[0]).toBe(401);
    expect(statuses.at(-1)).toBe(429);
  });
});

describe('what machines ask', () => {
  test('has its own metrics under saker_ names', async () => {
    const text = await (await fetch(`${saker.url}/metrics`)).text();
    expect(text).toMatch(/^saker_log_healthy 1$/m);
    expect(text).toMatch(/^saker_process_resident_memory_bytes \d+$/m);
  });

  test('describes every route of the API in OpenAPI', async () => {
    const document = (await (await fetch(`${saker.url}/api/docs/json`)).json()) as {
      openapi: string;
      paths: Record<string, unknown>;
    };
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining(['/api/v1/query_range', '/api/v1/alerts', '/api/v1/live', '/readyz']),
    );
  });

  test('sends headers that keep scripts and frames of others out', async () => {
    const headers = (await fetch(`${saker.url}/healthz`)).headers;
    expect(headers.get('content-security-policy')).toContain("script-src 'self'");
    expect(headers.get('content-security-policy')).not.toContain('unsafe-inline');
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });
});
