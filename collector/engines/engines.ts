/**
 * Everybody who can tell which containers run here: Docker and Podman over their sockets, and the
 * cgroups for what neither tells of.
 */
import { existsSync } from 'node:fs';
import { aborted, type Clock, type Logger } from '../../core/index.ts';
import type { ContainerSet } from '../sampling/container-set.ts';
import { CgroupWatch } from './cgroups/cgroup-watch.ts';
import { ContainerWatch } from './container-watch.ts';
import { DockerHttp } from './docker-http.ts';

export type EnginesOptions = {
  readonly cgroupRoot: string;
  readonly procRoot: string;
  /** Null: Docker is not asked. */
  readonly docker: DockerHttp | null;
  /** Asked once a container of Podman was seen, since asking starts its service. Null: never. */
  readonly podmanSocket: string | null;
  /** False: only what the sockets tell is found. */
  readonly scansCgroups: boolean;
  readonly containers: ContainerSet;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
  /** Docker answers; the version is null where it does not say. */
  readonly dockerConnected: (version: string | null) => void;
};

export class Engines {
  readonly #options: EnginesOptions;
  readonly #docker: ContainerWatch | null;
  #podman: ContainerWatch | null = null;
  #podmanRun: Promise<void> = Promise.resolve();

  constructor(options: EnginesOptions) {
    this.#options = options;
    this.#docker =
      options.docker === null
        ? null
        : this.#watchOf({ engine: 'docker', docker: options.docker, connected: options.dockerConnected });
  }

  /** Questions about one container that found no answer, since the start. */
  get inspectFailures(): number {
    return (this.#docker?.inspectFailures ?? 0) + (this.#podman?.inspectFailures ?? 0);
  }

  /** Follows who starts and ends until `signal` aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    // Where nobody is asked and nothing is looked through, there is still a signal to wait for.
    await Promise.all([aborted(signal), this.#docker?.run(signal), this.#scan(signal)]);
    await this.#podmanRun;
  }

  async #scan(signal: AbortSignal): Promise<void> {
    const { scansCgroups, containers, podmanSocket, ...rest } = this.#options;
    if (!scansCgroups) return;
    const watch = new CgroupWatch({
      ...rest,
      isKnown: (id) => containers.has(id),
      mayBeTold: ({ engine }) => {
        if (engine === 'containerd') return false;
        return (engine === 'podman' ? this.#podman : this.#docker)?.mayTell ?? false;
      },
      running: (container) => containers.running(container, 'cgroup'),
      ended: (id) => containers.ended(id),
      podmanSeen: () => {
        if (this.#podman !== null || podmanSocket === null || !existsSync(podmanSocket)) return;
        const docker = new DockerHttp(podmanSocket, rest.clock);
        this.#podman = this.#watchOf({ engine: 'podman', docker, connected: () => {} });
        this.#podmanRun = this.#podman.run(signal);
      },
    });
    await watch.run(signal);
  }

  #watchOf({ engine, docker, connected }: AskedEngine): ContainerWatch {
    const { containers, clock, logger, random } = this.#options;
    return new ContainerWatch({
      engine,
      docker,
      events: {
        connected,
        running: (container) => containers.running(container, engine),
        ended: (id) => containers.ended(id),
        listed: (ids) => containers.endAllBut(ids, engine),
      },
      clock,
      logger,
      random,
    });
  }
}

type AskedEngine = {
  readonly engine: 'docker' | 'podman';
  readonly docker: DockerHttp;
  readonly connected: (version: string | null) => void;
};
