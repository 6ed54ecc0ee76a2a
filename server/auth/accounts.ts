import { AppError, type Clock, type StateStore } from '../../core/index.ts';
import { hashPassword, hashSecret, randomSecret, sameSecret, verifyPassword } from './secrets.ts';

const SESSION_MS = 7 * 24 * 3600 * 1000;

/** Each check holds 128 MiB for a quarter of a second. */
const PASSWORD_CHECKS_MAX = 4;

/** The name of whoever signed in with the one-time code and has not chosen one yet. */
const FIRST_USER = 'admin';

export type Session = { readonly id: string; readonly user: string; readonly expiresAtMs: number };

/** Users, their passwords and their sessions. Sessions are stored by hash: the database signs nobody in. */
export class Accounts {
  readonly #store: StateStore;
  readonly #clock: Clock;
  #code: string | null = null;
  #checks = 0;

  constructor(store: StateStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  async hasUser(): Promise<boolean> {
    const rows = await this.#store.read({ sql: 'SELECT name FROM auth_user LIMIT 1' });
    return rows.length > 0;
  }

  /** Makes the code that signs in once; the one before it is void. */
  issueCode(): string {
    this.#code = `${randomSecret(6)}-${randomSecret(6)}`.replaceAll('_', 'x');
    return this.#code;
  }

  /** Throws `UNAUTHENTICATED`; the text is the same whatever was wrong. */
  async signInWithCode(code: string): Promise<Session> {
    if (this.#code === null || !sameSecret(code, this.#code)) {
      throw new AppError('UNAUTHENTICATED', 'this code is not valid, or was used already', {
        where: '/code',
        hint: 'the terminal that runs Saker shows the code; a restart makes a new one as long as no password is set',
      });
    }
    this.#code = null;
    return this.#open(FIRST_USER);
  }

  async signInWithPassword(name: string, password: string): Promise<Session> {
    await this.#verify(name, password, 'name or password is wrong');
    return this.#open(name);
  }

  /** Throws `UNAUTHENTICATED` with the given words; takes as long for a name that nobody has. */
  async #verify(name: string, password: string, words: string): Promise<void> {
    if (this.#checks >= PASSWORD_CHECKS_MAX) {
      throw new AppError('TOO_MANY_REQUESTS', 'too many sign-ins at a time', { hint: 'try again in a few seconds' });
    }
    this.#checks++;
    try {
      const [row] = await this.#store.read({
        sql: 'SELECT password_hash FROM auth_user WHERE name = ?',
        params: [name],
      });
      const stored = typeof row?.password_hash === 'string' ? row.password_hash : null;
      if (!(await verifyPassword(password, stored))) throw new AppError('UNAUTHENTICATED', words);
    } finally {
      this.#checks--;
    }
  }

  /**
   * Sets a name and password for `user`. Whoever came with the one-time code chooses both; after
   * that a person changes only their own, and shows that they know the one before. The user's
   * other sessions end.
   */
  async changePassword(
    user: string,
    to: { name: string; password: string; currentPassword?: string | undefined },
  ): Promise<Session> {
    if (await this.hasUser()) {
      if (to.name !== user)
        throw new AppError('FORBIDDEN', 'you can change your own password only', { where: '/name' });
      await this.#verify(user, to.currentPassword ?? '', 'the current password is wrong');
    }
    return this.setPassword(to.name, to.password);
  }

  /** Without asking who wants it: makes the user when there is none. */
  async setPassword(name: string, password: string): Promise<Session> {
    const hash = await hashPassword(password);
    await this.#store.write([
      {
        sql: `INSERT INTO auth_user (name, password_hash, created_at_ms) VALUES (?, ?, ?)
              ON CONFLICT (name) DO UPDATE SET password_hash = excluded.password_hash`,
        params: [name, hash, this.#clock.nowMs()],
      },
      { sql: 'DELETE FROM auth_session WHERE user_name IN (?, ?)', params: [name, FIRST_USER] },
    ]);
    return this.#open(name);
  }

  async #open(user: string): Promise<Session> {
    const id = randomSecret();
    const nowMs = this.#clock.nowMs();
    const expiresAtMs = nowMs + SESSION_MS;
    await this.#store.write([
      { sql: 'DELETE FROM auth_session WHERE expires_at_ms < ?', params: [nowMs] },
      {
        sql: 'INSERT INTO auth_session (id_hash, user_name, created_at_ms, expires_at_ms) VALUES (?, ?, ?, ?)',
        params: [hashSecret(id), user, nowMs, expiresAtMs],
      },
    ]);
    return { id, user, expiresAtMs };
  }

  /** The user of a session, or null when it is unknown or has expired. */
  async userOf(sessionId: string): Promise<string | null> {
    const [row] = await this.#store.read({
      sql: 'SELECT user_name FROM auth_session WHERE id_hash = ? AND expires_at_ms > ?',
      params: [hashSecret(sessionId), this.#clock.nowMs()],
    });
    return typeof row?.user_name === 'string' ? row.user_name : null;
  }

  async signOut(sessionId: string): Promise<void> {
    await this.#store.write([{ sql: 'DELETE FROM auth_session WHERE id_hash = ?', params: [hashSecret(sessionId)] }]);
  }
}
