import { beforeEach, describe, expect, test } from 'vitest';
import { AppError, type StateStore, VirtualClock } from '../../core/index.ts';
import { EngineStore } from '../state/testing/engine-store.ts';
import { Accounts } from './accounts.ts';
import { migrations } from './migrations.ts';
import { Tokens } from './tokens.ts';

let clock = new VirtualClock(1_700_000_000_000);
let store = new EngineStore(migrations);
beforeEach(() => {
  clock = new VirtualClock(1_700_000_000_000);
  store = new EngineStore(migrations);
});

describe('accounts', () => {
  test('let a one-time code in once', async () => {
    const accounts = new Accounts(store, clock);
    const code = accounts.issueCode();
    const session = await accounts.signInWithCode(code);
    expect(await accounts.userOf(session.id)).toBe('admin');
    await expect(accounts.signInWithCode(code)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('refuse a wrong code, a wrong password and an unknown name', async () => {
    const accounts = new Accounts(store, clock);
    await expect(accounts.signInWithCode('anything')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await accounts.setPassword('ana', 'correct horse battery');
    await expect(accounts.signInWithPassword('ana', 'correct horse')).rejects.toMatchObject({
      message: 'name or password is wrong',
    });
    await expect(accounts.signInWithPassword('bob', 'correct horse')).rejects.toMatchObject({
      message: 'name or password is wrong',
    });
    expect((await accounts.signInWithPassword('ana', 'correct horse battery')).user).toBe('ana');
  });

  test('end sessions after a week, on sign-out, and when the password changes', async () => {
    const accounts = new Accounts(store, clock);
    const first = await accounts.signInWithCode(accounts.issueCode());
    const second = await accounts.setPassword('ana', 'correct horse battery');
    expect(await accounts.userOf(first.id)).toBeNull();
    const third = await accounts.signInWithPassword('ana', 'correct horse battery');
    await accounts.signOut(second.id);
    expect(await accounts.userOf(second.id)).toBeNull();
    await clock.advance(7 * 24 * 3600 * 1000 + 1);
    expect(await accounts.userOf(third.id)).toBeNull();
  });

  test('let a person change their own password only, and only knowing it', async () => {
    const accounts = new Accounts(store, clock);
    const to = { name: 'ana', password: 'correct horse battery' };
    await accounts.changePassword('admin', to);
    const next = { name: 'ana', password: 'another long secret' };
    await expect(accounts.changePassword('ana', next)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await expect(accounts.changePassword('ana', { ...next, name: 'mallory' })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    await accounts.changePassword('ana', { ...next, currentPassword: to.password });
    expect((await accounts.signInWithPassword('ana', next.password)).user).toBe('ana');
  });

  test('store neither passwords nor session ids as they are', async () => {
    const accounts = new Accounts(store, clock);
    const session = await accounts.setPassword('ana', 'correct horse battery');
    const rows = [
      ...(await store.read({ sql: 'SELECT * FROM auth_user' })),
      ...(await store.read({ sql: 'SELECT * FROM auth_session' })),
    ];
    expect(JSON.stringify(rows)).not.toContain('horse');
    expect(JSON.stringify(rows)).not.toContain(session.id);
  });
});

describe('tokens', () => {
  test('are known by their secret, for their scope only', async () => {
    const tokens = new Tokens(store, clock);
    const { secret, id } = await tokens.create('web-1', 'collector');
    expect((await tokens.verify(secret, 'collector')).id).toBe(id);
    await expect(tokens.verify(secret, 'api')).rejects.toMatchObject({ code: 'TOKEN_REFUSED' });
    await expect(tokens.verify(`${secret}x`, 'collector')).rejects.toMatchObject({ code: 'TOKEN_REFUSED' });
    await expect(tokens.verify('nonsense', 'collector')).rejects.toMatchObject({ code: 'TOKEN_REFUSED' });
  });

  test('are refused once revoked', async () => {
    const tokens = new Tokens(store, clock);
    const { secret, id } = await tokens.create('web-1', 'collector');
    await tokens.verify(secret, 'collector');
    await tokens.revoke(id);
    await expect(tokens.verify(secret, 'collector')).rejects.toMatchObject({ code: 'TOKEN_REFUSED' });
    await expect(tokens.revoke(id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('in use are noted once a minute, and nobody waits for the note', async () => {
    const notes: string[] = [];
    const noting: StateStore = {
      read: (statement) => store.read(statement),
      write: async (statements) => {
        notes.push(...statements.map(({ sql }) => sql).filter((sql) => sql.includes('last_used')));
        await store.write(statements);
      },
    };
    const tokens = new Tokens(noting, clock);
    const { secret, id } = await tokens.create('ci', 'api');
    for (let use = 0; use < 3; use++) await tokens.verify(secret, 'api');
    await clock.advance(30_000);
    await tokens.verify(secret, 'api');
    expect(notes).toHaveLength(1);
    await clock.advance(30_000);
    await tokens.verify(secret, 'api');
    expect(notes).toHaveLength(2);
    expect((await tokens.list()).find((token) => token.id === id)?.lastUsedAtMs).toBe(clock.nowMs());
  });

  test('are known though their use can not be noted', async () => {
    const full: StateStore = {
      read: (statement) => store.read(statement),
      write: () => Promise.reject(new AppError('STATE_STORE', 'the disk is full')),
    };
    const { secret, id } = await new Tokens(store, clock).create('ci', 'api');
    const tokens = new Tokens(full, clock);
    expect((await tokens.verify(secret, 'api')).id).toBe(id);
    expect((await tokens.verify(secret, 'api')).id).toBe(id);
  });

  test('belong to the collector that used them first', async () => {
    const tokens = new Tokens(store, clock);
    const { id } = await tokens.create('web', 'collector');
    await tokens.bind(id, 'web-1');
    await tokens.bind(id, 'web-1');
    await expect(tokens.bind(id, 'web-2')).rejects.toMatchObject({ code: 'TOKEN_REFUSED' });
  });

  test('keep their secret out of the store', async () => {
    const { secret } = await new Tokens(store, clock).create('web-1', 'api');
    expect(JSON.stringify(await store.read({ sql: 'SELECT * FROM auth_token' }))).not.toContain(
      secret.split('_').slice(2).join('_'),
    );
  });
});
