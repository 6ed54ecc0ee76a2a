/** Sockets of the host's network namespace. */
import type { Probe, ProbeSite } from '../../probe.ts';
import { SocketCounts } from '../../socket-counts.ts';
import { hostNetworkFile } from './interfaces.ts';

export class SocketsProbe implements Probe {
  readonly name = 'sockets';
  readonly #counts: SocketCounts;

  constructor(site: ProbeSite) {
    this.#counts = new SocketCounts(site, (name) => hostNetworkFile(site.procRoot, name), true);
  }

  sample(): void {
    this.#counts.sample();
  }

  close(): void {
    this.#counts.close();
  }
}
