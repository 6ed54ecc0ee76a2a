/** A receiver of webhooks on the loopback interface that answers as told, and keeps what it was sent. */
import http from 'node:http';

export type Received = {
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Readonly<Record<string, unknown>>;
};

export type Answer = (response: http.ServerResponse, count: number) => void;

export const answerWith =
  (status: number, headers: Readonly<Record<string, string>> = {}): Answer =>
  (response) =>
    response.writeHead(status, headers).end('the body of the answer');

export class Receiver {
  readonly received: Received[] = [];
  answer: Answer = answerWith(200);
  readonly #server: http.Server;
  #waiting: { readonly count: number; readonly resolve: () => void }[] = [];

  private constructor() {
    this.#server = http.createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const isForm = request.headers['content-type'] === 'application/x-www-form-urlencoded';
        const body = isForm ? Object.fromEntries(new URLSearchParams(text)) : JSON.parse(text);
        this.received.push({ path: request.url ?? '', headers: request.headers, body });
        this.answer(response, this.received.length);
        this.#waiting = this.#waiting.filter(({ count, resolve }) => this.received.length < count || resolve());
      });
    });
  }

  static async open(): Promise<Receiver> {
    const receiver = new Receiver();
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/hook`;
  }

  /** Resolves when so many messages have come since the beginning. */
  got(count: number): Promise<void> {
    if (this.received.length >= count) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ count, resolve }));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Lets real I/O happen until the condition holds; throws when it does not within five seconds. */
export async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  // Bounded in time: how many turns of the loop five seconds are depends on the machine.
  const endMs = performance.now() + 5000;
  while (performance.now() < endMs) {
    if (await holds()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error('it never came true');
}
