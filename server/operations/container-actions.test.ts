/** What real Docker can not be made to do at will: hang. */
import { describe, expect, test } from 'vitest';
import { AppError, type Endpoint } from '../../core/index.ts';
import type { Container } from '../../scaler/index.ts';
import { containerActions } from './container-actions.ts';

const endpoint: Endpoint = {
  name: 'node1/web.1',
  kind: 'container',
  host: 'node1',
  state: 'running',
  labels: {},
  container: { id: 'c1', name: 'web', image: 'shop/web:1', startedAtMs: 0 },
};

/** A host with one container, which ends at a stop or a kill only where `ends` says so. */
function hostOf(ends: { readonly stop: boolean; readonly kill: boolean }) {
  const calls: string[] = [];
  let state: Container['state'] = 'running';
  const driver = {
    name: 'a host',
    inspect: async (id: string): Promise<Container | null> =>
      id === 'c1' ? { id, name: 'web', image: 'shop/web:1', labels: {}, state, createdAtMs: 0 } : null,
    async stop(id: string, graceSeconds: number) {
      calls.push(`stop ${id} ${graceSeconds}`);
      if (!ends.stop) throw new AppError('TIMEOUT', 'no answer within 20 s');
      state = 'exited';
    },
    async kill(id: string) {
      calls.push(`kill ${id}`);
      if (ends.kill) state = 'exited';
    },
    async start(id: string) {
      calls.push(`start ${id}`);
      state = 'running';
    },
  };
  const known = (name: string) => (name === endpoint.name ? endpoint : undefined);
  return { calls, restart: containerActions({ driver, endpointOf: known }).restartContainer };
}

describe('a container that is restarted before anybody is woken', () => {
  test('is stopped and started', async () => {
    const { calls, restart } = hostOf({ stop: true, kill: true });
    expect(await restart?.(endpoint.name, 'act')).toBe('container web was restarted');
    expect(calls).toEqual(['stop c1 10', 'start c1']);
  });

  test('is killed when its stop hangs', async () => {
    const { calls, restart } = hostOf({ stop: false, kill: true });
    expect(await restart?.(endpoint.name, 'act')).toMatch(
      /^container web was killed, for it did not stop \(.*20 s.*\), and started$/,
    );
    expect(calls).toEqual(['stop c1 10', 'kill c1', 'start c1']);
  });

  test('is not said to be restarted when nothing ends it', async () => {
    const { calls, restart } = hostOf({ stop: false, kill: false });
    await expect(restart?.(endpoint.name, 'act')).rejects.toMatchObject({ code: 'DOCKER_REFUSED' });
    expect(calls).not.toContain('start c1');
  });

  test('must be one, on this host', async () => {
    await expect(hostOf({ stop: true, kill: true }).restart?.('node1', 'act')).rejects.toMatchObject({
      message: 'node1 is no container',
    });
    expect(containerActions({ driver: null, endpointOf: () => undefined })).toEqual({});
  });
});
