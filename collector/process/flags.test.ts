import { describe, expect, test } from 'vitest';
import { describeError } from '../../core/index.ts';
import { collectorUsage, parseCollectorFlags } from './flags.ts';

describe('the flags of the collector', () => {
  test('have defaults for all but the token file', () => {
    expect(parseCollectorFlags(['--token-file', 't'], 'myhost')).toEqual({
      help: false,
      server: 'ws://127.0.0.1:7070',
      tokenFile: 't',
      name: 'myhost',
      cgroupRoot: '/sys/fs/cgroup',
      procRoot: '/proc',
      dockerSocket: '/var/run/docker.sock',
      podmanSocket: '/run/podman/podman.sock',
      scansCgroups: true,
      procFiles: null,
      configFile: null,
      stateDirectory: null,
      spoolBytesMax: 512 * 1024 * 1024,
      kernelLog: '/dev/kmsg',
      logLevel: 'info',
    });
  });

  test('switch Docker off and the log down', () => {
    const flags = parseCollectorFlags(['--token-file', 't', '--docker-socket', 'none', '--log-level', 'warn'], 'h');
    expect(flags).toMatchObject({ dockerSocket: null, logLevel: 'warn' });
  });

  test('ask for nothing when only help is wanted', () => {
    expect(parseCollectorFlags(['--help'], 'h').help).toBe(true);
  });

  const wrong: [string[], RegExp][] = [
    [[], /--token-file is missing/],
    [['--token-file', ''], /--token-file is empty/],
    [['--token-file'], /--token-file/],
    [['--token-file', 't', '--sever', 'x'], /--sever/],
    [['--token-file', 't', '--spool-mb', '0'], /--spool-mb takes a number of MiB/],
    [['--token-file', 't', 'extra'], /extra/],
    [['--token-file', 't', '--log-level', 'loud'], /info or warn, not "loud"/],
    [['--token-file', 't', '--cgroup-scan', 'no'], /on or off, not "no"/],
  ];
  test.each(wrong)('%j is refused in one line that says why', (args, message) => {
    let line = '';
    try {
      parseCollectorFlags(args, 'h');
    } catch (error) {
      line = describeError(error);
    }
    expect(line).toMatch(message);
    expect(line).not.toContain('\n');
  });

  test('are all explained', () => {
    for (const flag of [
      'server',
      'token-file',
      'name',
      'cgroup-root',
      'proc-root',
      'docker-socket',
      'config',
      'state-dir',
      'help',
    ]) {
      expect(collectorUsage).toContain(`--${flag}`);
    }
  });
});
