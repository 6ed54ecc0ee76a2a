import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../../core/index.ts';
import { sizeOfLayer } from './layer-walk.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'saker-layer-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const size = () => sizeOfLayer(root, systemClock, new AbortController().signal);

describe('the space of a writable layer', () => {
  test('counts blocks of all files, each hard link once, and follows no link', async () => {
    mkdirSync(join(root, 'var/log'), { recursive: true });
    writeFileSync(join(root, 'var/log/big'), Buffer.alloc(1_000_000, 1));
    linkSync(join(root, 'var/log/big'), join(root, 'again'));
    symlinkSync('/', join(root, 'everything'));
    const measured = await size();
    expect(measured?.files).toBe(5);
    expect(measured?.bytes).toBeGreaterThanOrEqual(1_000_000);
    expect(measured?.bytes).toBeLessThan(1_200_000);
  });

  test('is not known of a folder that is gone', async () => {
    expect(await sizeOfLayer(join(root, 'gone'), systemClock, new AbortController().signal)).toBeNull();
  });

  test('is walked slowly, and no further when the container ends', async () => {
    for (let file = 0; file < 450; file++) writeFileSync(join(root, String(file)), '');
    const stop = new AbortController();
    const walking = sizeOfLayer(root, systemClock, stop.signal);
    setTimeout(() => stop.abort(), 100);
    await expect(walking).rejects.toThrow();
  });
});
