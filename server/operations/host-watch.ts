import type { Clock, Tick } from '../../core/index.ts';
import type { ServerNotice } from '../lifecycle/notices.ts';

/** Containers follow the host's first tick within this time. */
const SETTLE_MS = 1500;

/** Tells the terminal what the first collector found, once. */
export class HostWatch {
  readonly #clock: Clock;
  readonly #notify: (notice: ServerNotice) => void;
  #seen = false;

  constructor(clock: Clock, notify: (notice: ServerNotice) => void) {
    this.#clock = clock;
    this.#notify = notify;
  }

  onTick({ dictionary }: Tick): void {
    if (this.#seen) return;
    const host = dictionary.endpoints.find(({ kind }) => kind === 'host');
    const system = host?.system;
    if (host === undefined || system === undefined) return;
    this.#seen = true;
    this.#clock.after(SETTLE_MS, () => {
      const running = dictionary.endpoints.filter(({ kind, state }) => kind === 'container' && state === 'running');
      const { cpuCount, cgroupVersion, docker } = host.system ?? system;
      this.#notify({ kind: 'host', host: host.name, cpuCount, cgroupVersion, docker, containers: running.length });
    });
  }
}
