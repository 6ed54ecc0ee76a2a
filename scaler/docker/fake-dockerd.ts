import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a real engine does in trouble, and cannot be made to do on command. */
export type Trouble =
  | { readonly kind: 'silence' }
  | { readonly kind: 'half-answer' }
  | { readonly kind: 'slow-headers-then-silence' }
  | { readonly kind: 'answer'; readonly status: number; readonly body: unknown };

/** An engine that meets every request with the same trouble. Only for faults; behaviour is tested on a real one. */
export class FakeDockerd {
  readonly socketPath: string;
  readonly requests: string[] = [];
  trouble: Trouble = { kind: 'silence' };
  readonly #folder: string;
  readonly #server = createServer((request, response) => {
    this.requests.push(`${request.method} ${request.url}`);
    request.resume();
    this.#meet(response);
  });

  private constructor(folder: string) {
    this.#folder = folder;
    this.socketPath = join(folder, 'docker.sock');
  }

  static async listen(): Promise<FakeDockerd> {
    const dockerd = new FakeDockerd(await mkdtemp(join(tmpdir(), 'saker-dockerd-')));
    await new Promise<void>((resolve) => dockerd.#server.listen(dockerd.socketPath, resolve));
    return dockerd;
  }

  connectionCount(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
    });
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await rm(this.#folder, { recursive: true, force: true });
  }

  #meet(response: ServerResponse): void {
    const { trouble } = this;
    switch (trouble.kind) {
      case 'silence':
        return;
      case 'slow-headers-then-silence':
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
        response.write('[{"Id":');
        return;
      case 'half-answer':
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
        response.write('[{"Id":', () => response.destroy());
        return;
      case 'answer':
        response.writeHead(trouble.status, { 'content-type': 'application/json' });
        response.end(typeof trouble.body === 'string' ? trouble.body : JSON.stringify(trouble.body));
    }
  }
}
