import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { silentLogger, VirtualClock } from '../../../core/index.ts';
import { checkCollectorFile } from './collector-file.ts';
import { FollowedFile } from './followed-file.ts';
import { formatFileFault } from './yaml-text.ts';

const faulty = new URL('../../../test/fixtures/monitors/', import.meta.url);

describe('a collector’s file', () => {
  test('says what is watched, with what is usual where it says nothing', async () => {
    const text = await readFile(new URL('../../../docs/examples/collector.yaml', import.meta.url), 'utf8');
    const checked = await checkCollectorFile(text, 'collector.yaml');
    if (checked.kind === 'invalid') throw new Error(checked.faults.map(formatFileFault).join('\n'));
    expect(checked.config.labels).toEqual({ cop: 'acme', cluster: 'shop-eu' });
    expect(checked.config.monitors.map(({ type, everySeconds }) => [type, everySeconds])).toEqual([
      ['log', 1],
      ['process', 10],
      ['port', 10],
      ['http', 30],
      ['script', 60],
      ['log', 10],
    ]);
    expect(checked.config.monitors[0]).toEqual({
      name: 'shop',
      type: 'log',
      everySeconds: 1,
      tags: { site: 'eu' },
      files: ['/var/log/nginx/shop*.log'],
      container: null,
      match: 'rt=(?P<seconds>[0-9.]+)',
      exclude: 'GET /health',
      value: 'seconds',
      quantiles: [0.5, 0.95, 0.99],
    });
    expect(checked.config.receivers).toEqual({ otlpPort: 4318, statsdPort: null, prometheus: true });
  });

  test('may be empty', async () => {
    expect(await checkCollectorFile('', 'c.yaml')).toMatchObject({ kind: 'valid', config: { monitors: [] } });
  });
});

describe('every faulty fixture is refused with the messages that it carries', async () => {
  const names = (await readdir(faulty)).filter((name) => name.endsWith('.yaml'));
  test.each(names)('%s', async (name) => {
    const text = await readFile(new URL(name, faulty), 'utf8');
    const expected = [...text.matchAll(/^# expect: (.*)$/gm)].map((found) => found[1]);
    const checked = await checkCollectorFile(text, name);
    expect(checked.kind === 'invalid' ? checked.faults.map(formatFileFault) : []).toEqual(expected);
  });
});

describe('a followed file', () => {
  test('is taken anew when it changes, and keeps what held when it is refused or gone', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'saker-file-'));
    const path = join(folder, 'c.yaml');
    const clock = new VirtualClock(0);
    const taken: string[] = [];
    const take = async (text: string): Promise<string | null> => {
      if (text.includes('bad')) return 'it is bad';
      taken.push(text);
      return null;
    };
    const file = new FollowedFile({ path, clock, logger: silentLogger, mustExist: true, onStatus: () => {}, take });
    // The clock is virtual and the disk is not: each look is waited for.
    const look = async (text: string | null): Promise<string | null> => {
      if (text === null) await rm(path, { force: true });
      else await writeFile(path, text);
      await file.start();
      return file.error;
    };
    expect(await look(null)).toBe(`${path}: there is no such file`);
    expect(await look('one')).toBeNull();
    expect(await look('one')).toBeNull();
    expect(await look('is bad')).toBe('it is bad');
    expect(await look('two!')).toBeNull();
    expect(await look(null)).toBe(`${path}: the file is gone; what it said goes on`);
    expect(taken).toEqual(['one', 'one', 'two!']);
    await file.close();
    await rm(folder, { recursive: true });
  });
});
