import { Type } from 'typebox';
import { parserOf, type StateStore } from '../../core/index.ts';
import type { Hook } from '../decide/signal.ts';

/** Who has stopped all scaling, and why. */
export type Stop = { readonly atMs: number; readonly by: string; readonly reason: string };

const closed = { additionalProperties: false } as const;
const parseStop = parserOf(
  Type.Object({ atMs: Type.Number(), by: Type.String(), reason: Type.String() }, closed),
  'STATE_STORE',
  'the stored stop of scaling',
);
const countOrNull = Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]);
const parseHook = parserOf(
  Type.Object({ floor: countOrNull, ceiling: countOrNull, untilMs: Type.Number() }, closed),
  'STATE_STORE',
  'a stored call of a webhook policy',
);

const STOP = 'stop';
const HOOK = 'hook ';

/** What people and other systems have told the scaler; durable before it is in force. */
export class ControlLog {
  readonly #store: StateStore;
  #stop: Stop | null = null;
  readonly #hooks = new Map<string, Map<string, Hook>>();

  private constructor(store: StateStore) {
    this.#store = store;
  }

  static async open(store: StateStore): Promise<ControlLog> {
    const log = new ControlLog(store);
    for (const { name, value } of await store.read({ sql: 'SELECT name, value FROM scaler_controls' })) {
      const content: unknown = JSON.parse(String(value));
      if (name === STOP) log.#stop = parseStop(content);
      else {
        const [group = '', policy = ''] = String(name).slice(HOOK.length).split(' ');
        log.#remember(group, policy, parseHook(content));
      }
    }
    return log;
  }

  /** Null while scaling goes on. */
  get stop(): Stop | null {
    return this.#stop;
  }

  hooksOf(group: string): ReadonlyMap<string, Hook> {
    return this.#hooks.get(group) ?? noHooks;
  }

  /** Stops all scaling, or lets it go on. Rejects with `STATE_STORE`; then nothing has changed. */
  async setStop(stop: Stop | null): Promise<void> {
    await this.#put(STOP, stop);
    this.#stop = stop;
  }

  async setHook({ group, policy }: { readonly group: string; readonly policy: string }, hook: Hook): Promise<void> {
    await this.#put(`${HOOK}${group} ${policy}`, hook);
    this.#remember(group, policy, hook);
  }

  #remember(group: string, policy: string, hook: Hook): void {
    this.#hooks.set(group, new Map(this.#hooks.get(group)).set(policy, hook));
  }

  async #put(name: string, value: unknown): Promise<void> {
    const sql =
      value === null
        ? 'DELETE FROM scaler_controls WHERE name = ?'
        : 'INSERT INTO scaler_controls (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value';
    await this.#store.write([{ sql, params: value === null ? [name] : [name, JSON.stringify(value)] }]);
  }
}

const noHooks: ReadonlyMap<string, Hook> = new Map();
