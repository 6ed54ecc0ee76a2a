import { describe, expect, test } from 'vitest';
import { parseEvent, parseInspect, parseList, parseVersion } from './answers.ts';

const ID = 'a'.repeat(64);

describe("Docker's answers", () => {
  test('tell what is known of a running container', () => {
    const answer = {
      Id: ID,
      Name: '/web',
      State: { Running: true, Pid: 3111, StartedAt: '2026-11-21T00:35:56.256872286Z' },
      Config: { Image: 'busybox', Labels: { 'saker.service': 'web', odd: 5 } },
      HostConfig: { NetworkMode: 'host' },
    };
    expect(parseInspect(answer)).toEqual({
      id: ID,
      name: 'web',
      image: 'busybox',
      labels: { 'saker.service': 'web', odd: '' },
      pid: 3111,
      startedAtMs: Date.parse('2026-11-21T00:35:56.256Z'),
      hostNetwork: true,
      restarts: 0,
      health: 'none',
      layerFolder: null,
    });
  });

  test('of a container that does not run are none', () => {
    expect(parseInspect({ Id: ID, State: { Running: false, Pid: 0 } })).toBeNull();
    expect(parseInspect({ Id: ID, State: { Running: true, Pid: 0 } })).toBeNull();
    expect(parseInspect({ Id: ID, State: { Running: true, Pid: '7/../1' } })).toBeNull();
  });

  test('without labels, name or a date that can be read are filled in', () => {
    const answer = { Id: ID, State: { Running: true, Pid: 1, StartedAt: 'soon' }, Config: { Labels: null } };
    expect(parseInspect(answer)).toMatchObject({
      name: ID.slice(0, 12),
      labels: {},
      startedAtMs: 0,
      hostNetwork: false,
      restarts: 0,
      health: 'none',
      layerFolder: null,
    });
    const never = { Id: ID, State: { Running: true, Pid: 1, StartedAt: '0001-01-01T00:00:00Z' } };
    expect(parseInspect(never)?.startedAtMs).toBe(0);
  });

  test.each([null, 5, 'text', [], {}, { Id: 7 }, { Id: '../x' }])(
    'that are %j instead of a container are refused',
    (answer) => {
      expect(() => parseInspect(answer)).toThrow(/no id/);
    },
  );

  test('that list something else than containers are refused, and ids that are none are left out', () => {
    expect(() => parseList({ message: 'no' })).toThrow(/no list/);
    expect(parseList([{ Id: ID }, { Id: '' }, null, { Id: 'a/b' }, { Id: 'b' }])).toEqual([ID, 'b']);
  });

  test('about events name the container in old and new fields', () => {
    expect(parseEvent(JSON.stringify({ Type: 'container', Action: 'die', Actor: { ID } }))).toEqual({
      action: 'die',
      id: ID,
    });
    expect(parseEvent(JSON.stringify({ Type: 'container', status: 'die', id: ID }))).toEqual({ action: 'die', id: ID });
    expect(parseEvent(JSON.stringify({ Type: 'volume', Action: 'die', Actor: { ID } }))).toBeNull();
    expect(parseEvent('{')).toBeNull();
  });

  test('about the version may be missing', () => {
    expect(parseVersion({ Version: '20.10.24' })).toBe('20.10.24');
    expect(parseVersion({})).toBeNull();
    expect(parseVersion(null)).toBeNull();
  });
});
