import { AppError, type Clock } from '../../core/index.ts';
import type { Container, ContainerDriver, ContainerSpec, ContainerState } from '../driver.ts';
import { sakerLabels } from '../groups/labels.ts';

type Call = 'list' | 'findByAction' | 'inspect' | 'create' | 'start' | 'stop' | 'kill' | 'remove';

/** What goes wrong with a call: nothing is done, it is done but nobody hears of it, or it never ends. */
export type FakeFault = 'refused' | 'unavailable' | 'done-but-timeout' | 'timeout' | 'hangs';

/**
 * Containers in memory, for the room's own tests. Passes the same conformance cases as the Docker
 * driver; beyond them a test can make a call fail, and make a container that no signal ends.
 */
export class FakeDriver implements ContainerDriver {
  readonly name = 'the fake driver';
  readonly calls: { readonly call: Call; readonly about: string }[] = [];
  readonly #containers = new Map<string, Container & { unkillable?: boolean }>();
  readonly #faults: { readonly call: Call; readonly fault: FakeFault }[] = [];
  readonly #clock: Clock;
  readonly #images: ReadonlySet<string>;
  #created = 0;

  constructor(clock: Clock, images: readonly string[]) {
    this.#clock = clock;
    this.#images = new Set(images);
  }

  /** The next `times` calls of this kind meet the fault. */
  failNext(call: Call, fault: FakeFault, times = 1): void {
    for (let count = 0; count < times; count++) this.#faults.push({ call, fault });
  }

  heal(): void {
    this.#faults.length = 0;
  }

  /** A container that somebody else has started. */
  place(
    name: string,
    labels: Record<string, string>,
    options: { unkillable?: boolean; state?: ContainerState } = {},
  ): string {
    const id = this.#newId();
    const { unkillable = false, state = 'running' } = options;
    this.#containers.set(id, {
      id,
      name,
      image: 'placed',
      labels,
      state,
      createdAtMs: this.#clock.nowMs(),
      unkillable,
    });
    return id;
  }

  makeUnkillable(id: string): void {
    const found = this.#containers.get(id);
    if (found) this.#containers.set(id, { ...found, unkillable: true });
  }

  vanish(id: string): void {
    this.#containers.delete(id);
  }

  /** Names of the running ones, sorted. */
  running(): string[] {
    return [...this.#containers.values()]
      .filter(({ state }) => state === 'running')
      .map(({ name }) => name)
      .sort();
  }

  all(): Container[] {
    return [...this.#containers.values()];
  }

  list(): Promise<readonly Container[]> {
    return this.#do('list', '', () => this.all());
  }

  findByAction(actionId: string): Promise<Container | null> {
    const made = (container: Container) => container.labels[sakerLabels.action] === actionId;
    return this.#do('findByAction', actionId, () => this.all().find(made) ?? null);
  }

  inspect(id: string): Promise<Container | null> {
    return this.#do('inspect', id, () => this.#containers.get(id) ?? null);
  }

  create(spec: ContainerSpec): Promise<string> {
    return this.#do('create', spec.name, () => {
      const taken = this.all().find(({ name }) => name === spec.name);
      if (taken) {
        if (taken.labels[sakerLabels.action] === spec.labels[sakerLabels.action]) return taken.id;
        throw new AppError('DOCKER_REFUSED', `the name ${spec.name} is in use`);
      }
      if (!this.#images.has(spec.image)) throw new AppError('DOCKER_REFUSED', `no such image: ${spec.image}`);
      const id = this.#newId();
      const { name, image, labels } = spec;
      this.#containers.set(id, { id, name, image, labels, state: 'created', createdAtMs: this.#clock.nowMs() });
      return id;
    });
  }

  start(id: string): Promise<void> {
    return this.#do('start', id, () => {
      if (!this.#set(id, 'running')) throw new AppError('DOCKER_REFUSED', `no such container: ${id}`);
    });
  }

  stop(id: string, graceSeconds: number): Promise<void> {
    return this.#do('stop', `${id} ${graceSeconds}`, () => this.#end(id));
  }

  kill(id: string): Promise<void> {
    return this.#do('kill', id, () => this.#end(id));
  }

  remove(id: string): Promise<void> {
    return this.#do('remove', id, () => {
      if (this.#containers.get(id)?.state === 'running') throw new AppError('DOCKER_REFUSED', `${id} is running`);
      this.#containers.delete(id);
    });
  }

  #end(id: string): void {
    const container = this.#containers.get(id);
    if (container?.unkillable) throw new AppError('TIMEOUT', `${id} does not end`);
    if (container?.state === 'running') this.#set(id, 'exited');
  }

  #set(id: string, state: ContainerState): boolean {
    const container = this.#containers.get(id);
    if (container) this.#containers.set(id, { ...container, state });
    return container !== undefined;
  }

  async #do<Result>(call: Call, about: string, run: () => Result): Promise<Result> {
    this.calls.push({ call, about });
    const index = this.#faults.findIndex((planned) => planned.call === call);
    const [planned] = index < 0 ? [] : this.#faults.splice(index, 1);
    if (planned === undefined) return run();
    if (planned.fault === 'hangs') return new Promise(() => {});
    if (planned.fault === 'done-but-timeout') run();
    if (planned.fault === 'refused') throw new AppError('DOCKER_REFUSED', `${call} refused`);
    if (planned.fault === 'unavailable') throw new AppError('DOCKER_UNAVAILABLE', `${call}: nobody there`);
    throw new AppError('TIMEOUT', `${call}: no answer`);
  }

  #newId(): string {
    this.#created++;
    return this.#created.toString(16).padStart(64, '0');
  }
}
