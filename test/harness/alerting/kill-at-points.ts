/**
 * Kills alerting with SIGKILL again and again, each time at another point between judging and noting a delivery, and
 * counts what was lost or told twice. `received` is the point at which the webhook has arrived and is not answered.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { until } from '../waiting.ts';
import { Hooks } from './hooks.ts';
import { type FromVictim, type KillPoint, killPoints, type ToVictim } from './kill-points.ts';

const program = fileURLToPath(
  new URL(
    import.meta.url.endsWith('.ts') ? '../../../dist/test/harness/alerting/victim.js' : './victim.js',
    import.meta.url,
  ),
);

const RULES = (url: string) => `channels: [{ name: hook, type: webhook, url: "${url}", allow_internal: true }]
rules: [{ name: edge, metric: cpu.busy, condition: "all(#1) > 80", min_interval: 0s, max_step: 1, notify: [hook] }]
`;

export type KillOutcome = {
  readonly kills: number;
  readonly events: number;
  /** Events that were decided, or had to be, and of which nobody heard. */
  readonly lost: number;
  readonly duplicates: number;
  /** The most copies beyond the first that one crash caused. */
  readonly duplicatesPerKillMax: number;
  /** Copies whose key is that of no event: the receiver could not have known them. */
  readonly strangers: number;
};

type Sample = { readonly second: number; readonly value: number };

export async function killAtPoints(kills: number): Promise<KillOutcome> {
  const folder = await mkdtemp(join(tmpdir(), 'saker-kill-'));
  const hooks = await Hooks.open();
  const run = new Run(folder, hooks);
  try {
    await writeFile(join(folder, 'rules.yaml'), RULES(hooks.url));
    for (let kill = 0; kill < kills; kill++) await run.killOnce(killPoints[kill % killPoints.length] ?? 'judged');
    await run.finish();
    return run.outcome(kills);
  } finally {
    run.stop();
    hooks.close();
    await rm(folder, { recursive: true, force: true });
  }
}

class Run {
  readonly #folder: string;
  readonly #hooks: Hooks;
  readonly #history: Sample[] = [];
  #child: ChildProcess | null = null;
  #second = 1_700_000_000;
  #duplicatesPerKill = 0;

  constructor(folder: string, hooks: Hooks) {
    this.#folder = folder;
    this.#hooks = hooks;
  }

  /** A value on the other side of the edge makes one event, on whose way the process dies; the next one takes over. */
  async killOnce(point: KillPoint): Promise<void> {
    const before = this.#copies();
    await this.#start(point);
    const sample = this.#next();
    if (point === 'received') this.#hooks.onHook = () => this.#child?.kill('SIGKILL');
    const died = once(this.#child ?? process, 'exit');
    this.#send(sample, []);
    await died;
    this.#hooks.onHook = () => {};
    // Realtime holds the sample, but only a live tick is judged: the same value one second later.
    await this.#start('never');
    this.#history.push(sample);
    const settled = this.#settled();
    this.#send({ second: ++this.#second, value: sample.value }, this.#history);
    this.#history.push({ second: this.#second, value: sample.value });
    const expected = this.#expected();
    await until('the event to be told', () => this.#told().size >= expected, 20_000);
    // Stopping it in the middle of a note would be one crash more.
    await settled;
    this.stop();
    this.#duplicatesPerKill = Math.max(this.#duplicatesPerKill, this.#copies() - before);
  }

  async finish(): Promise<void> {
    await this.#start('never');
    await delay(1500);
  }

  stop(): void {
    this.#child?.kill('SIGKILL');
    this.#child = null;
  }

  outcome(kills: number): KillOutcome {
    const told = this.#told();
    const keys = this.#hooks.received.map(({ body }) => String(body.key));
    const strangers = keys.filter((key) => !/^s_edge_[0-9a-f]{32}_\d+_(PROBLEM|OK)_1$/.test(key)).length;
    return {
      kills,
      events: told.size,
      lost: Math.max(0, this.#expected() - told.size),
      duplicates: this.#copies(),
      duplicatesPerKillMax: this.#duplicatesPerKill,
      strangers,
    };
  }

  /** Each sample crosses the edge: one event for each kill. */
  #expected(): number {
    return this.#history.filter(({ value }, index) => value !== (this.#history[index - 1]?.value ?? 10)).length;
  }

  #told(): ReadonlySet<string> {
    return new Set(this.#hooks.received.map(({ body }) => String(body.key)));
  }

  #copies(): number {
    return this.#hooks.received.length - this.#told().size;
  }

  #next(): Sample {
    const last = this.#history.at(-1)?.value ?? 10;
    return { second: ++this.#second, value: last > 80 ? 10 : 95 };
  }

  async #start(point: KillPoint | 'never'): Promise<void> {
    this.stop();
    const child = fork(program, [join(this.#folder, 'state.db'), join(this.#folder, 'rules.yaml'), point], {
      execArgv: [],
    });
    this.#child = child;
    await new Promise<void>((resolve, reject) => {
      child.once('exit', () => reject(new Error(`the victim of ${point} died before it was ready`)));
      child.once('message', (message: FromVictim) => {
        child.removeAllListeners('exit');
        if (message.kind === 'ready') resolve();
      });
    });
  }

  #settled(): Promise<void> {
    return new Promise((resolve) => {
      this.#child?.on('message', (message: FromVictim) => message.kind === 'settled' && resolve());
    });
  }

  #send(sample: Sample, before: readonly Sample[]): void {
    const message: ToVictim = { ...sample, before: before.filter(({ second }) => second < sample.second) };
    this.#child?.send(message);
  }
}
