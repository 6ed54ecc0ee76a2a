/**
 * What else Docker knows of a running container, asked when somebody needs it and kept while the
 * container runs: where its output is written, and under which address it is reached.
 */
import { describeError } from '../../core/index.ts';
import { type ContainerFacts, parseFacts } from './answers.ts';
import type { DockerHttp } from './docker-http.ts';

const DEADLINE_MS = 5000;
/** Containers of a host that can have a place, twice. */
const REMEMBERED_MAX = 8192;

export class FactsDesk {
  readonly #docker: DockerHttp | null;
  readonly #known = new Map<string, ContainerFacts>();

  constructor(docker: DockerHttp | null) {
    this.#docker = docker;
  }

  /** The facts, or why they are not known. Facts of a container that was restarted under another pid are asked again. */
  async of(id: string, pid: number, signal: AbortSignal): Promise<ContainerFacts | string> {
    const key = `${id} ${pid}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (this.#docker === null) return 'Docker is not asked (--docker-socket none)';
    try {
      const facts = parseFacts(await this.#docker.getJson(`/containers/${id}/json`, DEADLINE_MS, signal));
      if (this.#known.size >= REMEMBERED_MAX) this.#known.clear();
      this.#known.set(key, facts);
      return facts;
    } catch (error) {
      return describeError(error);
    }
  }
}
