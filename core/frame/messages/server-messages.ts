/**
 * What a server says to a collector, read by hand: flat objects of numbers and words. The
 * schema library alone would take 17 MB in a process that runs on every host. The types are those of
 * the schemas in `schemas.ts`, and a test holds the readers and the schemas together.
 */
import { AppError } from '../../errors.ts';
import type { Ack, EventsTaken, Refusal, Welcome } from './schemas.ts';

const TIME_MAX = 2 ** 52;

/** Throws `FRAME_INVALID`, as do the others. */
export function parseWelcome(body: unknown): Welcome {
  const fields = new Fields('welcome', body, ['ackedSeq', 'nowMs']);
  return { ackedSeq: fields.count('ackedSeq'), nowMs: fields.time('nowMs') };
}

export function parseAck(body: unknown): Ack {
  const fields = new Fields('acknowledgement', body, ['bootEpoch', 'seq', 'nowMs', 'echoMs']);
  return {
    bootEpoch: fields.time('bootEpoch'),
    seq: fields.count('seq'),
    nowMs: fields.time('nowMs'),
    echoMs: fields.time('echoMs'),
  };
}

export function parseRefusal(body: unknown): Refusal {
  const fields = new Fields('refusal', body, ['code', 'message', 'fatal']);
  return { code: fields.text('code', 64), message: fields.text('message', 1024), fatal: fields.bool('fatal') };
}

export function parseEventsTaken(body: unknown): EventsTaken {
  const batch = new Fields('events taken', body, ['batch']).count('batch');
  if (batch === 0) throw new AppError('FRAME_INVALID', 'events taken: batches count from 1', { where: '/batch' });
  return { batch };
}

/** The fields of an object that has these and no others. */
class Fields {
  readonly #what: string;
  readonly #values: ReadonlyMap<string, unknown>;

  constructor(what: string, body: unknown, names: readonly string[]) {
    this.#what = what;
    const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
    this.#values = new Map(Object.entries(isObject ? body : {}));
    if (!isObject) throw this.#wrong('', 'must be an object');
    for (const name of this.#values.keys()) if (!names.includes(name)) throw this.#wrong(name, 'is not a known field');
  }

  count(name: string): number {
    const value = this.#values.get(name);
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value;
    throw this.#wrong(name, 'must be a whole number from 0');
  }

  time(name: string): number {
    const value = this.#values.get(name);
    if (typeof value === 'number' && value >= 0 && value <= TIME_MAX) return value;
    throw this.#wrong(name, 'must be a time in milliseconds');
  }

  text(name: string, lengthMax: number): string {
    const value = this.#values.get(name);
    // The schema library counts code points.
    if (typeof value === 'string' && [...value].length <= lengthMax) return value;
    throw this.#wrong(name, `must be text of at most ${lengthMax} characters`);
  }

  bool(name: string): boolean {
    const value = this.#values.get(name);
    if (typeof value === 'boolean') return value;
    throw this.#wrong(name, 'must be true or false');
  }

  #wrong(name: string, message: string): AppError {
    return new AppError('FRAME_INVALID', `${this.#what}: ${message}`, { where: `/${name}` });
  }
}
