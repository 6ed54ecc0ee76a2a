import { AppError, type Clock, type Row, type StateStore, type Token, type TokenScope } from '../../core/index.ts';
import { hashSecret, randomSecret, sameSecret } from './secrets.ts';

/** A stored token is read again this seldom; revoking one takes effect within it. */
const CACHE_MS = 5000;
const CACHE_ENTRIES_MAX = 10_000;

/** `last used` is written this seldom. */
const USED_WRITE_MS = 60_000;

const PREFIX = 'saker';
const SECRET_FORM = /^saker_([A-Za-z0-9-]{8,32})_([A-Za-z0-9_-]{20,64})$/;

type Cached = {
  readonly token: Token;
  readonly secretHash: string;
  readonly readAtMs: number;
  /** The collector that the token belongs to, once one has used it. */
  readonly collector: string | null;
};

/** Tokens of collectors and of API users: `saker_<id>_<secret>`, the secret stored as a hash. */
export class Tokens {
  readonly #store: StateStore;
  readonly #clock: Clock;
  readonly #cache = new Map<string, Cached>();

  constructor(store: StateStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** `node` is the part of the service tree that a push token may write to; null: all of it. */
  async create(name: string, scope: TokenScope, node: string | null = null): Promise<Token & { secret: string }> {
    const id = randomSecret(9).replaceAll('_', '-');
    const secret = `${PREFIX}_${id}_${randomSecret()}`;
    const createdAtMs = this.#clock.nowMs();
    await this.#store.write([
      {
        sql: 'INSERT INTO auth_token (id, name, scope, node, secret_hash, created_at_ms) VALUES (?, ?, ?, ?, ?, ?)',
        params: [id, name, scope, node, hashSecret(secret), createdAtMs],
      },
    ]);
    return { id, name, scope, ...(node === null ? {} : { node }), createdAtMs, lastUsedAtMs: null, secret };
  }

  async list(): Promise<Token[]> {
    const rows = await this.#store.read({ sql: 'SELECT * FROM auth_token ORDER BY created_at_ms' });
    return rows.map(tokenOf);
  }

  async revoke(id: string): Promise<void> {
    const [row] = await this.#store.read({ sql: 'SELECT id FROM auth_token WHERE id = ?', params: [id] });
    if (row === undefined) throw new AppError('NOT_FOUND', 'there is no such token', { where: id });
    await this.#store.write([{ sql: 'DELETE FROM auth_token WHERE id = ?', params: [id] }]);
    this.#cache.delete(id);
  }

  /** The token that a secret stands for. Throws `TOKEN_REFUSED`. */
  async verify(secret: string, scope: TokenScope): Promise<Token> {
    const id = SECRET_FORM.exec(secret)?.[1];
    const cached = id === undefined ? undefined : await this.#find(id);
    if (cached === undefined || !sameSecret(cached.secretHash, hashSecret(secret))) {
      throw new AppError('TOKEN_REFUSED', 'this token is not known', {
        hint: 'create one under /api/v1/tokens, or check the token file',
      });
    }
    if (cached.token.scope !== scope) {
      throw new AppError('TOKEN_REFUSED', `a token of scope ${cached.token.scope} is not enough`, {
        hint: `use one of scope ${scope}`,
      });
    }
    this.#noteUse(cached);
    return cached.token;
  }

  /**
   * Makes a token the named collector's when it is nobody's yet. Throws `TOKEN_REFUSED` when it is
   * another's: a token that leaks from one host writes no other host's samples.
   */
  async bind(id: string, collector: string): Promise<void> {
    const cached = await this.#find(id);
    if (cached === undefined) throw new AppError('TOKEN_REFUSED', 'this token is not known any more');
    if (cached.collector === collector) return;
    if (cached.collector !== null) {
      throw new AppError('TOKEN_REFUSED', `this token belongs to the collector ${cached.collector}, not ${collector}`, {
        hint: 'create a token for each collector',
      });
    }
    await this.#store.write([
      { sql: 'UPDATE auth_token SET collector = ? WHERE id = ? AND collector IS NULL', params: [collector, id] },
    ]);
    this.#cache.delete(id);
  }

  async exists(id: string): Promise<boolean> {
    return (await this.#find(id)) !== undefined;
  }

  async #find(id: string): Promise<Cached | undefined> {
    const nowMs = this.#clock.monotonicMs();
    const cached = this.#cache.get(id);
    if (cached !== undefined && nowMs - cached.readAtMs < CACHE_MS) return cached;
    const [row] = await this.#store.read({ sql: 'SELECT * FROM auth_token WHERE id = ?', params: [id] });
    if (row === undefined) {
      this.#cache.delete(id);
      return undefined;
    }
    if (this.#cache.size >= CACHE_ENTRIES_MAX) this.#cache.clear();
    const collector = typeof row.collector === 'string' ? row.collector : null;
    const fresh: Cached = { token: tokenOf(row), secretHash: String(row.secret_hash), readAtMs: nowMs, collector };
    this.#cache.set(id, fresh);
    return fresh;
  }

  /** Nobody waits for this note, nor is refused because the disk is full: the next use notes it then. */
  #noteUse(cached: Cached): void {
    const { id, lastUsedAtMs } = cached.token;
    const nowMs = this.#clock.nowMs();
    if (lastUsedAtMs !== null && nowMs - lastUsedAtMs < USED_WRITE_MS) return;
    this.#cache.set(id, { ...cached, token: { ...cached.token, lastUsedAtMs: nowMs } });
    const statement = { sql: 'UPDATE auth_token SET last_used_at_ms = ? WHERE id = ?', params: [nowMs, id] };
    this.#store.write([statement]).catch(() => this.#cache.delete(id));
  }
}

function tokenOf(row: Row): Token {
  const lastUsed = row.last_used_at_ms;
  return {
    id: String(row.id),
    name: String(row.name),
    scope: row.scope === 'collector' || row.scope === 'push' ? row.scope : 'api',
    ...(typeof row.node === 'string' ? { node: row.node } : {}),
    createdAtMs: Number(row.created_at_ms),
    lastUsedAtMs: typeof lastUsed === 'number' ? lastUsed : null,
  };
}
