/** What the engine knows of a container's life: since when it runs, how often it had to be started again, its health. */
import type { ContainerDescription } from '../../sampling/identity.ts';
import type { Column } from '../../sampling/series-register.ts';
import type { Probe, ProbeSite } from '../probe.ts';

export class LifecycleProbe implements Probe {
  readonly name = 'life cycle';
  readonly #site: ProbeSite;
  readonly #columns: Readonly<Record<'uptime' | 'restarts' | 'healthy', Column>>;
  #container: ContainerDescription;

  constructor(site: ProbeSite, container: ContainerDescription) {
    this.#site = site;
    this.#container = container;
    this.#columns = {
      uptime: site.column('container.uptime'),
      restarts: site.column('container.restarts'),
      healthy: site.column('container.healthy'),
    };
  }

  /** The engine said something new of it. */
  describe(container: ContainerDescription): void {
    this.#container = container;
  }

  sample(): void {
    const { startedAtMs, restarts, health } = this.#container;
    const uptimeMs = startedAtMs > 0 ? this.#site.clock.nowMs() - startedAtMs : Number.NaN;
    // A clock that was set back since the start makes no negative age.
    this.#site.set(this.#columns.uptime, Math.max(0, uptimeMs) / 1000);
    this.#site.set(this.#columns.restarts, restarts);
    this.#site.set(this.#columns.healthy, health === 'healthy' ? 1 : health === 'unhealthy' ? 0 : Number.NaN);
  }

  close(): void {}
}
