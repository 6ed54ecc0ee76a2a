/**
 * ClickHouse's HTTP interface over the embedded engine, as far as the official client needs it, for
 * tests where no ClickHouse server can be had. `node main.mjs FOLDER` prints its port and listens
 * on loopback. Each request has a session of its own, so that settings do not stick.
 *
 * Faults are asked for with `POST /fault?kind=KIND&count=N`, for the next N inserts into rollups:
 * `refuse` (503 before anything happens), `reset` (the rows are stored, the answer is lost),
 * `stall` (the rows are stored, the answer never comes).
 */
import { createServer } from 'node:http';
import { Session } from 'chdb';

const [folder] = process.argv.slice(2);

/** The engine lives as long as one session does. */
const keeper = new Session(folder);

/** Parameters of the HTTP interface that are no settings, and settings that only a server knows. */
const notSettings = new Set([
  ...['query', 'query_id', 'session_id', 'database', 'role', 'default_format', 'wait_end_of_query'],
  ...['send_progress_in_http_headers', 'http_headers_progress_interval_ms', 'enable_http_compression'],
]);

const escapes = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', 0: '\0' };

/** Parameters travel escaped as in TSV, and within a list quoted as well; the binding does it again. */
const unescaped = (text) => text.replace(/\\(.)/gs, (_, letter) => escapes[letter] ?? letter);

const listItem = /'((?:[^'\\]|\\.)*)'|([-\d]+)/gs;
const listOf = (text) =>
  [...text.matchAll(listItem)].map(([, quoted, number]) => (quoted === undefined ? BigInt(number) : unescaped(quoted)));

const fault = { kind: 'none', count: 0 };

const server = createServer((request, response) => {
  answer(request, response).catch((error) => {
    const code = /^Code: (\d+)/.exec(error.message)?.[1] ?? '1001';
    response.writeHead(500, { 'x-clickhouse-exception-code': code }).end(error.message);
  });
});

async function answer(request, response) {
  const url = new URL(request.url, 'http://front');
  const body = await bodyOf(request);
  if (url.pathname === '/fault') {
    fault.kind = url.searchParams.get('kind');
    fault.count = Number(url.searchParams.get('count'));
    return response.end();
  }
  if (url.pathname === '/ping') return response.end('Ok.\n');
  const asked = await parse(request, url, body);
  const kind = /^INSERT INTO rollup/i.test(asked.sql) && fault.count-- > 0 ? fault.kind : 'none';
  if (kind === 'refuse') return response.writeHead(503).end('Code: 210. DB::Exception: away. (NETWORK_ERROR)');
  const result = await run(asked);
  if (kind === 'reset') return request.socket.resetAndDestroy();
  if (kind === 'stall') return undefined;
  response.writeHead(200, { 'content-type': 'text/plain; charset=UTF-8' }).end(result);
}

/** The statement, its parameters, its settings: from the address, the body, or a form in the body. */
async function parse(request, url, body) {
  const isForm = request.headers['content-type']?.startsWith('multipart/form-data');
  const form = isForm ? await new Response(body, { headers: request.headers }).formData() : new FormData();
  const values = new Map([...url.searchParams, ...form]);
  const query = values.get('query');
  const sql = isForm ? query : [query, body.toString('utf8')].filter(Boolean).join('\n');
  const params = {};
  const settings = [];
  for (const [name, value] of values) {
    const parameter = /^param_(.*)/.exec(name)?.[1];
    if (parameter) params[parameter] = sql.includes(`{${parameter}:Array(`) ? listOf(value) : unescaped(value);
    else if (!notSettings.has(name)) settings.push(`SET ${name} = '${value.replaceAll("'", "''")}';`);
  }
  return { sql, params, settings, database: values.get('database') ?? 'default' };
}

async function run({ sql, params, settings, database }) {
  const session = new Session(folder);
  try {
    const text = [`USE \`${database.replaceAll('`', '\\`')}\`;`, ...settings, sql].join(' ');
    const result = await (Object.keys(params).length > 0
      ? session.queryBindAsync(text, params)
      : session.queryAsync(text));
    return Buffer.from(result.bytes());
  } finally {
    session.close();
  }
}

async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));

process.once('SIGTERM', () => {
  server.closeAllConnections();
  keeper.close();
  process.exit(0);
});
