/** Receives webhooks of alerting, and notes when the first byte of each came. */
import http from 'node:http';

export type Hook = {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** Of `performance.now()`. */
  readonly firstByteMs: number;
};

export class Hooks {
  readonly received: Hook[] = [];
  /** Called with each message, before it is answered. */
  onHook: (hook: Hook) => void = () => {};
  readonly #server: http.Server;

  private constructor() {
    const firstBytes = new WeakMap<object, number>();
    this.#server = http.createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = JSON.parse(Buffer.concat(chunks).toString('utf8'));
        const hook = {
          path: request.url ?? '',
          body,
          firstByteMs: firstBytes.get(request.socket) ?? performance.now(),
        };
        this.received.push(hook);
        this.onHook(hook);
        response.end();
      });
    });
    this.#server.on('connection', (socket) => socket.once('data', () => firstBytes.set(socket, performance.now())));
  }

  static async open(): Promise<Hooks> {
    const hooks = new Hooks();
    await new Promise<void>((resolve) => hooks.#server.listen(0, '127.0.0.1', resolve));
    return hooks;
  }

  get url(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
