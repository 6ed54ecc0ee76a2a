import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Decision, silentLogger, VirtualClock } from '../../core/index.ts';
import type { Container, ContainerDriver } from '../driver.ts';
import { scalerMigrations } from '../record/migrations.ts';
import { createScaler, type Scaler } from '../scaler.ts';
import { FakeDriver } from './fake-driver.ts';
import { FakeHost } from './fake-host.ts';
import { SqliteStore } from './sqlite-store.ts';

export const groupText = (over = ''): string => `
groups:
  - name: web
    match: { saker.service: web }
    image: image
    min: 1
    max: 4
    warm_up: 2s
    cooldown: { add: 0s, remove: 10s }
${over}
    policy:
      metric: cpu.busy
      add:    { above: 80, consecutive: 3 }
      remove: { below: 40, consecutive: 3 }
`;

/** A scaler over a fake host, on a virtual clock, with a real SQLite. */
export class Scene {
  readonly clock = new VirtualClock(1_700_000_000_000);
  readonly store = new SqliteStore(scalerMigrations);
  readonly driver = new FakeDriver(this.clock, ['image']);
  readonly hosts = [new FakeHost('h1')];
  /** Load of each container; null for no sample. */
  load: (container: Container) => number | null = () => 60;
  /** Which host a container is on. */
  hostOf: (container: Container) => number = () => 0;
  /** False for a host whose collector is silent. */
  reports: (host: number) => boolean = () => true;
  published = 0;
  #folder = '';
  #scaler: Scaler | null = null;
  #nextId = 0;

  get scaler(): Scaler {
    if (this.#scaler === null) throw new Error('the scene has not begun');
    return this.#scaler;
  }

  get groupsPath(): string {
    return join(this.#folder, 'groups.yaml');
  }

  async begin(text: string = groupText(), driver: ContainerDriver | null = this.driver): Promise<void> {
    this.#folder = await mkdtemp(join(tmpdir(), 'saker-scene-'));
    await writeFile(this.groupsPath, text);
    await this.start(driver);
  }

  /** Starts the scaler, or starts it again after `stop`. */
  async start(driver: ContainerDriver | null = this.driver): Promise<void> {
    this.#scaler = await createScaler({
      store: this.store,
      clock: this.clock,
      logger: silentLogger,
      groupsFile: this.groupsPath,
      ...(driver === null ? {} : { driver }),
      publish: () => {
        this.published++;
      },
      newActionId: () => `a${++this.#nextId}`,
    });
  }

  async stop(): Promise<void> {
    const closing = this.scaler.close();
    await this.clock.advance(3000);
    await closing;
  }

  async end(): Promise<void> {
    if (this.#scaler !== null) await this.stop();
    this.store.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Lets seconds pass, with a tick of every host 30 ms after each begins. */
  async pass(seconds: number): Promise<void> {
    for (let count = 0; count < seconds; count++) {
      const toNext = 1000 - (this.clock.nowMs() % 1000);
      await this.clock.advance(toNext + 30);
      const running = this.driver.all().filter(({ state }) => state === 'running');
      for (const [index, host] of this.hosts.entries()) {
        if (!this.reports(index)) continue;
        const here = running.filter((container) => this.hostOf(container) === index);
        this.scaler.onTick(host.tick(this.clock.nowMs(), here, this.load));
      }
      await this.clock.advance(100);
    }
  }

  /** Lets seconds pass until `reached`, at most `seconds`; returns how many passed. */
  async passUntil(reached: () => boolean, seconds: number): Promise<number> {
    for (let passed = 0; passed < seconds; passed++) {
      if (reached()) return passed;
      await this.pass(1);
    }
    if (!reached()) throw new Error(`not reached within ${seconds} s`);
    return seconds;
  }

  async decisions(): Promise<Decision[]> {
    const { decisions } = await this.scaler.decisions({ limit: 1000 });
    return decisions.reverse();
  }

  async changes(): Promise<string[]> {
    const decisions = await this.decisions();
    return decisions
      .filter(({ kind }) => kind !== 'hold')
      .map(({ kind, current, wanted }) => `${kind} ${current}→${wanted}`);
  }
}
