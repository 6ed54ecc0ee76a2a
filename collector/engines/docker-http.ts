/**
 * The little of Docker's HTTP API that a collector asks, over its unix socket with `node:http`
 * (dockerode alone costs 15 MB). Read-only: nothing here creates, stops or changes a container.
 */
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { AppError, type Clock } from '../../core/index.ts';

/** An inspected container is 10 KiB; a list of 1,000 containers 2 MiB. */
const ANSWER_BYTES_MAX = 32 * 1024 * 1024;

export class DockerHttp {
  readonly #socketPath: string;
  readonly #clock: Clock;

  constructor(socketPath: string, clock: Clock) {
    this.#socketPath = socketPath;
    this.#clock = clock;
  }

  /**
   * The JSON answer to a GET. Throws `NOT_FOUND` for 404, `TIMEOUT` when the whole answer took
   * longer than `deadlineMs`, `DOCKER_REFUSED` for other answers, `DOCKER_UNAVAILABLE` else.
   */
  async getJson(path: string, deadlineMs: number, signal: AbortSignal): Promise<unknown> {
    const outgoing = this.#open(path, signal);
    const deadline = this.#deadline(outgoing, path, deadlineMs);
    try {
      const answer = await answerTo(outgoing, path);
      return parseJson(await readAll(answer), path);
    } catch (cause) {
      throw wordsFor(cause, path);
    } finally {
      deadline();
      outgoing.destroy();
    }
  }

  /**
   * Opens an endless answer and returns it once its headers came, within `deadlineMs`. The caller
   * reads it to its end or destroys it. Throws like `getJson`.
   */
  async openStream(path: string, deadlineMs: number, signal: AbortSignal): Promise<IncomingMessage> {
    const outgoing = this.#open(path, signal);
    const deadline = this.#deadline(outgoing, path, deadlineMs);
    try {
      return await answerTo(outgoing, path);
    } catch (cause) {
      outgoing.destroy();
      throw wordsFor(cause, path);
    } finally {
      deadline();
    }
  }

  #open(path: string, signal: AbortSignal): ClientRequest {
    const options = { socketPath: this.#socketPath, path, host: 'docker', agent: false as const, signal };
    return request(options);
  }

  #deadline(outgoing: ClientRequest, path: string, deadlineMs: number): () => void {
    return this.#clock.after(deadlineMs, () => {
      outgoing.destroy(new AppError('TIMEOUT', `Docker did not answer within ${deadlineMs} ms`, { where: path }));
    });
  }
}

function answerTo(outgoing: ClientRequest, path: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.once('response', (answer) => {
      const status = answer.statusCode ?? 0;
      if (status === 200) return resolve(answer);
      answer.resume();
      const code = status === 404 ? 'NOT_FOUND' : 'DOCKER_REFUSED';
      reject(new AppError(code, `Docker answered with status ${status}`, { where: path }));
    });
    // Stays after the answer began: a request that is destroyed later must not go unheard.
    outgoing.on('error', reject);
    outgoing.end();
  });
}

async function readAll(answer: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > ANSWER_BYTES_MAX) throw new AppError('DOCKER_REFUSED', 'an answer of Docker is too long');
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

function parseJson(bytes: Buffer, path: string): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new AppError('DOCKER_REFUSED', 'an answer of Docker is not JSON', { where: path, cause });
  }
}

function wordsFor(cause: unknown, path: string): AppError {
  if (cause instanceof AppError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const [where] = path.split('?');
  return new AppError('DOCKER_UNAVAILABLE', `Docker can not be asked: ${reason}`, { where: where ?? path, cause });
}
