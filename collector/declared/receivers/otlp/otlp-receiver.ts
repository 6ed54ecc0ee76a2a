/**
 * OTLP over HTTP, on the host's loopback: `POST /v1/metrics`, JSON or protobuf, plain or gzip.
 *
 * What was refused is told as the protocol has it, in `partialSuccess`; what can not be read at all is
 * a 400, which no client sends again.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { PbfWriter } from 'pbf';
import { AppError, type Clock, isAppError } from '../../../../core/index.ts';
import type { EndpointEntry } from '../../../sampling/series-register.ts';
import type { PointIntake } from '../point-intake.ts';
import type { Refusals } from '../refusals.ts';
import { pointsOf } from './otlp-json.ts';
import { decodeRequest } from './otlp-protobuf.ts';

const BODY_BYTES_MAX = 4 * 1024 * 1024;
const CONNECTIONS_MAX = 64;
const REQUEST_MS_MAX = 10_000;
const unzip = promisify(gunzip);

export type OtlpOptions = {
  readonly port: number;
  readonly clock: Clock;
  readonly intake: PointIntake;
  readonly refusals: Refusals;
  /** The endpoint of a container by the beginning of its id; null for the host's. */
  readonly endpointOf: (containerId: string) => EndpointEntry | null;
};

export class OtlpReceiver {
  readonly #options: OtlpOptions;
  readonly #server: Server;

  constructor(options: OtlpOptions) {
    this.#options = options;
    this.#server = createServer(
      { requestTimeout: REQUEST_MS_MAX, headersTimeout: REQUEST_MS_MAX },
      (request, response) => {
        this.#answer(request, response).catch((error: unknown) => refuse(response, error));
      },
    );
    this.#server.maxConnections = CONNECTIONS_MAX;
  }

  /** Resolves when it listens. Rejects when the port is taken. */
  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#options.port, '127.0.0.1', () => {
        this.#server.off('error', reject);
        this.#server.on('error', () => this.#options.refusals.add('a connection that could not be taken'));
        resolve();
      });
    });
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    checkRequest(request);
    const isJson = (request.headers['content-type'] ?? '').startsWith('application/json');
    const body = await readBody(request);
    const { refusals, intake, clock, endpointOf } = this.#options;
    const decoded = isJson ? parseJson(body) : decodeProtobuf(body);
    const before = refusals.total;
    const nowMs = clock.monotonicMs();
    for (const { containerId, points } of pointsOf(decoded, refusals)) {
      const endpoint = containerId === null ? null : endpointOf(containerId);
      for (const point of points) intake.take(point, endpoint, nowMs);
    }
    const refused = refusals.total - before;
    response.writeHead(200, { 'content-type': isJson ? 'application/json' : 'application/x-protobuf' });
    response.end(isJson ? jsonAnswer(refused, refusals.words()) : protobufAnswer(refused, refusals.words()));
  }
}

/** A page in a browser on this host reaches loopback under a name of its own; it is sent away. */
function checkRequest(request: IncomingMessage): void {
  const host = (request.headers.host ?? '').replace(/:\d+$/, '');
  if (!['127.0.0.1', 'localhost', '[::1]'].includes(host) || request.headers.origin !== undefined) {
    throw new AppError('FORBIDDEN', 'only programs of this host may send here');
  }
  if (request.url?.split('?')[0] !== '/v1/metrics')
    throw new AppError('NOT_FOUND', 'there is /v1/metrics and nothing else');
  if (request.method !== 'POST') throw new AppError('BAD_REQUEST', 'metrics are sent by POST');
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim();
  if (type !== 'application/json' && type !== 'application/x-protobuf') {
    throw new AppError('UNSUPPORTED_MEDIA_TYPE', 'send application/json or application/x-protobuf');
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > BODY_BYTES_MAX) throw tooLarge();
    chunks.push(bytes);
  }
  const body = Buffer.concat(chunks);
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding === 'identity') return body;
  if (encoding !== 'gzip')
    throw new AppError('UNSUPPORTED_MEDIA_TYPE', `the encoding ${encoding.slice(0, 20)}; send gzip or none`);
  return unzip(body, { maxOutputLength: BODY_BYTES_MAX }).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge();
    throw new AppError('BAD_REQUEST', 'the body is not gzip', { cause });
  });
}

const tooLarge = (): AppError =>
  new AppError('PAYLOAD_TOO_LARGE', `more than ${BODY_BYTES_MAX / 1024 / 1024} MiB; send fewer metrics at a time`);

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (cause) {
    throw new AppError('BAD_REQUEST', 'the body is not JSON', { cause });
  }
}

function decodeProtobuf(body: Buffer): unknown {
  try {
    return decodeRequest(body);
  } catch (cause) {
    throw new AppError('BAD_REQUEST', 'the body is no ExportMetricsServiceRequest', { cause });
  }
}

function jsonAnswer(refused: number, words: string | null): string {
  if (refused === 0) return '{}';
  return JSON.stringify({ partialSuccess: { rejectedDataPoints: String(refused), errorMessage: words ?? '' } });
}

/** `ExportMetricsServiceResponse { partial_success = 1 { rejected_data_points = 1, error_message = 2 } }` */
function protobufAnswer(refused: number, words: string | null): Uint8Array {
  if (refused === 0) return new Uint8Array(0);
  const writer = new PbfWriter();
  const partial = (_: null, into: PbfWriter): void => {
    into.writeVarintField(1, refused);
    into.writeStringField(2, words ?? '');
  };
  writer.writeMessage(1, partial, null);
  return writer.finish();
}

function refuse(response: ServerResponse, error: unknown): void {
  const status = isAppError(error) ? error.status : 500;
  const message = isAppError(error) ? error.message : 'the request could not be handled';
  if (!response.headersSent) response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
  response.end(JSON.stringify({ code: 3, message }));
}
