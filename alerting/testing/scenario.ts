/** The whole room on a virtual clock, with a real state database, a real rules file and a real receiver. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger, VirtualClock } from '../../core/index.ts';
import { type Alerting, createAlerting } from '../alerting.ts';
import type { LastPoints, PrehandlingPorts } from '../ports.ts';
import { CollectorFeed } from './collector-feed.ts';
import { type KillPoint, Lifeline } from './lifeline.ts';
import { eventually, Receiver } from './receiver.ts';
import { SqliteStore } from './sqlite-store.ts';

/** Second 0 of every scenario. */
export const START_SECOND = 1_700_000_000;

export class Scenario {
  readonly clock = new VirtualClock(START_SECOND * 1000);
  readonly feed = new CollectorFeed();
  readonly published: string[] = [];
  readonly store: SqliteStore;
  readonly receiver: Receiver;
  readonly folder: string;
  alerting: Alerting;
  lifeline = new Lifeline();
  lastPoints: LastPoints | undefined;
  prehandling: PrehandlingPorts = {};

  private constructor(parts: { store: SqliteStore; receiver: Receiver; folder: string; alerting: Alerting }) {
    this.store = parts.store;
    this.receiver = parts.receiver;
    this.folder = parts.folder;
    this.alerting = parts.alerting;
  }

  /** `HOOK` in the rules stands for the receiver's address. */
  static async open(rules: string): Promise<Scenario> {
    const folder = await mkdtemp(join(tmpdir(), 'saker-alerting-'));
    const store = new SqliteStore();
    const receiver = await Receiver.open();
    const clock = new VirtualClock(0);
    const nobody = {
      store,
      clock,
      logger: silentLogger,
      rulesFile: null,
      publicUrl: '',
      version: '',
      publish: () => {},
    };
    const alerting = await createAlerting(nobody);
    const scenario = new Scenario({ store, receiver, folder, alerting });
    await alerting.close();
    await scenario.writeRules(rules);
    await scenario.restart();
    return scenario;
  }

  get rulesPath(): string {
    return join(this.folder, 'rules.yaml');
  }

  /** The second that it is now, counted from the start. */
  get now(): number {
    return Math.floor(this.clock.nowMs() / 1000) - START_SECOND;
  }

  async writeRules(rules: string): Promise<void> {
    await writeFile(this.rulesPath, rules.replaceAll('HOOK', this.receiver.url));
  }

  async removeRules(): Promise<void> {
    await rm(this.rulesPath);
  }

  /** New rules, taken. */
  async changeRules(rules: string): Promise<void> {
    const { rulesLoads } = this.alerting.metrics();
    await this.writeRules(rules);
    await eventually(async () => {
      await this.clock.advance(100);
      return this.alerting.metrics().rulesLoads > rulesLoads;
    });
  }

  /** Kills the room, wherever it is, and opens a new one on the same database; `killPoint` says when that dies. */
  async restart(killPoint?: KillPoint): Promise<void> {
    this.lifeline.kill();
    // The system closes what a dead process had open. The promise may never resolve: a dead room waits for nothing.
    void this.alerting.close();
    this.lifeline = new Lifeline(killPoint);
    const { clock, store, rulesPath: rulesFile, published, lastPoints, lifeline } = this;
    this.alerting = await createAlerting({
      store: lifeline.store(store),
      clock: lifeline.clock(clock),
      logger: silentLogger,
      rulesFile,
      publicUrl: 'https://saker.example.org/',
      version: '0.1.0',
      publish: (topic) => published.push(topic),
      prehandling: this.prehandling,
      ...(lastPoints === undefined ? {} : { lastPoints }),
    });
  }

  /** Lets the clock reach a second of the scenario and pushes a tick for it. Values by column. */
  async push(second: number, values: Readonly<Record<number, number>>): Promise<void> {
    await this.clock.advance(Math.max(0, (second - this.now) * 1000));
    this.alerting.onTick(this.feed.tick(START_SECOND + second, values));
    await this.stored();
  }

  /** Every event that was decided is durable. */
  async stored(): Promise<void> {
    await eventually(() => !this.lifeline.isAlive || this.alerting.metrics().eventsQueued === 0);
  }

  /** Every event that was decided is durable, and every message delivered or given up; or the room is dead. */
  async settled(): Promise<void> {
    await this.stored();
    await eventually(async () => !this.lifeline.isAlive || (await this.pending()) === 0);
  }

  /** Messages in the outbox that are neither delivered nor given up. */
  async pending(): Promise<number> {
    const [row] = await this.store.read({
      sql: `SELECT count(*) AS pending FROM alerting_delivery WHERE state = 'pending'`,
    });
    return Number(row?.pending);
  }

  /** `STATUS#step@second` of every message received, in order. */
  get messages(): readonly string[] {
    return this.receiver.received.map(({ body }) => {
      const second = Number(body.eventTimeMs) / 1000 - START_SECOND;
      return `${body.status}#${body.currentStep}@${second}`;
    });
  }

  async close(): Promise<void> {
    const closed = this.alerting.close();
    if (this.lifeline.isAlive) await closed;
    await this.receiver.close();
    this.store.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}
