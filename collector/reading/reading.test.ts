import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { VirtualClock } from '../../core/index.ts';
import { ByteScanner } from './byte-scanner.ts';
import { Counter } from './counter.ts';
import { KeptFile, ReadingDesk } from './kept-file.ts';
import { KeyedLines } from './keyed-lines.ts';
import { TableRows } from './table-rows.ts';

describe('a counter', () => {
  test('has no rate on its first read', () => {
    expect(new Counter().perSecond(1000, 0)).toBeNaN();
  });

  test('counts over the true elapsed time', () => {
    const counter = new Counter();
    counter.perSecond(1000, 0);
    expect(counter.perSecond(1500, 1000)).toBe(500);
    expect(counter.perSecond(2500, 3000)).toBe(500);
  });

  test('has no rate when it went backwards, and goes on from there', () => {
    const counter = new Counter();
    counter.perSecond(1000, 0);
    expect(counter.perSecond(10, 1000)).toBeNaN();
    expect(counter.perSecond(20, 2000)).toBe(10);
  });

  test('has no rate after a value that was missing', () => {
    const counter = new Counter();
    counter.perSecond(1000, 0);
    expect(counter.perSecond(Number.NaN, 1000)).toBeNaN();
    expect(counter.perSecond(1002, 2000)).toBeNaN();
    expect(counter.perSecond(1003, 3000)).toBe(1);
  });

  test('has no rate over a moment that is too short to divide by', () => {
    const counter = new Counter();
    counter.perSecond(1000, 0);
    expect(counter.perSecond(1500, 99)).toBeNaN();
    expect(counter.perSecond(1600, 199)).toBe(1000);
  });
});

describe('a kept file', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'saker-collector-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function fileOf(text: string | null): { file: KeptFile; desk: ReadingDesk; path: string } {
    const path = join(folder, 'counter');
    if (text !== null) writeFileSync(path, text);
    const desk = new ReadingDesk(new VirtualClock(0));
    return { file: new KeptFile(desk, path), desk, path };
  }

  test('shows what the file holds now, without opening it again', () => {
    const { file, desk, path } = fileOf('1\n');
    expect(file.read()).toBe(true);
    expect(desk.scanner.uint()).toBe(1);
    writeFileSync(path, '23\n');
    expect(file.read()).toBe(true);
    expect(desk.scanner.uint()).toBe(23);
    file.close();
  });

  test('that is not there is no sample, and is found when it comes', () => {
    const { file, desk, path } = fileOf(null);
    expect(file.read()).toBe(false);
    expect(desk.failures).toBe(1);
    writeFileSync(path, '7');
    expect(file.read()).toBe(true);
    expect(desk.scanner.uint()).toBe(7);
    file.close();
  });

  test('is read whole when it is longer than a page and than the buffer', () => {
    const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index}`);
    const { file, desk } = fileOf(lines.join('\n'));
    expect(file.read()).toBe(true);
    let count = 0;
    let last = Number.NaN;
    for (; !desk.scanner.atEnd; desk.scanner.skipLine()) {
      desk.scanner.skipWord();
      last = desk.scanner.uint();
      count++;
    }
    expect([count, last]).toEqual([20_000, 19_999]);
    file.close();
  });

  test('of the kernel that comes in pages is read whole', () => {
    const desk = new ReadingDesk(new VirtualClock(0));
    const file = new KeptFile(desk, '/proc/self/maps');
    expect(file.read()).toBe(true);
    let lineCount = 0;
    for (; !desk.scanner.atEnd; desk.scanner.skipLine()) lineCount++;
    // Node maps hundreds of pieces: 4 KiB hold forty lines.
    expect(lineCount).toBeGreaterThan(80);
    file.close();
  });
});

function loaded(text: string): ByteScanner {
  const scanner = new ByteScanner();
  scanner.load(Buffer.from(text), Buffer.byteLength(text));
  return scanner;
}

describe('lines of keys and values', () => {
  test('are found by the whole key, with and without a colon, in any order', () => {
    const lines = new KeyedLines(['total_rss', 'MemFree', 'absent']);
    lines.scan(loaded('total_rss_huge 1\nrss 2\nMemFree:    3 kB\ntotal_rss 4\n'));
    expect([...lines.values]).toEqual([4, 3, Number.NaN]);
  });

  test('do not keep the value of a line that is gone', () => {
    const lines = new KeyedLines(['anon']);
    lines.scan(loaded('anon 5\n'));
    lines.scan(loaded('file 5\n'));
    expect(lines.at(0)).toBeNaN();
  });
});

describe('the rows of a table', () => {
  type Content = { readonly name: string; readonly number: number };

  function tableOf(rowsMax = 10) {
    let made = 0;
    const rows = new TableRows<Content>(rowsMax, (name) => (name.startsWith('lo') ? null : { name, number: made++ }));
    const read = (...names: string[]): (Content | null)[] => {
      const scanner = loaded(names.join('\n'));
      rows.rewind();
      return names.map(() => {
        const from = scanner.skipWord();
        const content = rows.next(scanner, from, scanner.offset);
        scanner.skipLine();
        return content;
      });
    };
    return { rows, read };
  }

  test('keep their content while they stay, wherever they stand', () => {
    const { read, rows } = tableOf();
    const [, first] = read('lo', 'eth0', 'eth1');
    const { lookups } = rows;
    expect(read('lo', 'eth0', 'eth1')[1]).toBe(first);
    expect(rows.lookups).toBe(lookups);
    expect(read('eth1', 'eth0', 'lo')[1]).toBe(first);
  });

  test('that were away for a round are others', () => {
    const { read } = tableOf();
    const before = read('eth0', 'eth1')[1];
    read('eth0');
    const after = read('eth0', 'eth1')[1];
    expect(after?.name).toBe('eth1');
    expect(after).not.toBe(before);
  });

  test('may name one thing several times', () => {
    const { read, rows } = tableOf();
    const first = read('8:0', '8:0')[0];
    const { lookups } = rows;
    expect(read('8:0', '8:0')).toEqual([first, first]);
    expect(rows.lookups).toBe(lookups);
  });

  test('are bounded: those that are gone make room, others are refused and counted', () => {
    const { read, rows } = tableOf(3);
    read('a', 'b', 'c');
    expect(read('a', 'b', 'd')[2]).toBeNull();
    expect(rows.refused).toBe(1);
    read('a', 'b');
    expect(read('a', 'b', 'd')[2]?.name).toBe('d');
  });
});
