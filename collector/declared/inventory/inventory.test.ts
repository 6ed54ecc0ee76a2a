import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type InventoryItems, systemClock, VirtualClock } from '../../../core/index.ts';
import { FileGate } from '../monitors/log/file-gate.ts';
import { FileItems } from './file-items.ts';
import { Inventory } from './inventory.ts';
import { PackageItems } from './package-items.ts';
import { systemItems } from './system-items.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'saker-inventory-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function put(path: string, text: string): string {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
  return join(root, path);
}
const gate = new FileGate(systemClock);

test('the system is told by its files', () => {
  put('proc/sys/kernel/osrelease', '6.1.0-test\n');
  put('proc/sys/vm/swappiness', '10\n');
  put('proc/sys/net/ipv4/ip_local_port_range', '1024\t65000\n');
  for (const iface of ['all', 'eth0']) put(`proc/sys/net/ipv4/conf/${iface}/rp_filter`, '1\n');
  put(
    'proc/1/limits',
    'Limit Soft Limit Hard Limit Units\nMax open files            1024                 524288               files\n',
  );
  put(
    'proc/1/mountinfo',
    `25 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
26 25 8:2 / /my\\040data rw,noatime - xfs /dev/sdb rw
27 25 0:5 / /dev/shm rw - tmpfs tmpfs rw
28 25 8:1 / /var/lib/docker/volumes/x rw - ext4 /dev/sda1 rw
`,
  );
  put('etc/resolv.conf', '# by hand\nnameserver 10.0.0.1\nnameserver 10.0.0.2\nsearch shop.example\n');
  put('etc/os-release', 'NAME=x\nPRETTY_NAME="Debian GNU/Linux 12"\n');
  symlinkSync('/usr/share/zoneinfo/Asia/Shanghai', join(root, 'etc/localtime'));
  const items = systemItems({ procRoot: join(root, 'proc'), etcRoot: join(root, 'etc') }, [
    'net.ipv4.conf.*.rp_filter',
  ]);
  expect(Object.fromEntries(items)).toEqual({
    'kernel.release': '6.1.0-test',
    'os.name': 'Debian GNU/Linux 12',
    'time.zone': 'Asia/Shanghai',
    'dns.nameservers': '10.0.0.1 10.0.0.2',
    'dns.search': 'shop.example',
    'limit.nofile': '1024:524288',
    'mount./': 'ext4 rw,relatime',
    'mount./my data': 'xfs rw,noatime',
    'sysctl.net.ipv4.ip_local_port_range': '1024 65000',
    'sysctl.vm.swappiness': '10',
    'sysctl.net.ipv4.conf.all.rp_filter': '1',
    'sysctl.net.ipv4.conf.eth0.rp_filter': '1',
  });
});

test('this very host has a kernel, a root and limits', () => {
  const items = systemItems({ procRoot: '/proc', etcRoot: '/etc' }, []);
  for (const name of ['kernel.release', 'limit.nofile', 'sysctl.vm.swappiness']) expect(items.get(name)).toMatch(/\d/);
});

describe('versions of packages', () => {
  const none = { dpkg: '/nowhere', apk: '/nowhere', rpm: '/nowhere' };
  const dpkg = (name: string, status: string, version: string): string =>
    `Package: ${name}\nStatus: ${status}\nVersion: ${version}\nDescription: x\n`;

  test('come from dpkg’s status, of what is installed', async () => {
    const text = [
      dpkg('nginx', 'install ok installed', '1.2-3'),
      dpkg('telnet', 'deinstall ok config-files', '1'),
    ].join('\n');
    const packages = new PackageItems(gate, { ...none, dpkg: put('status', text) });
    expect(await packages.items(['nginx', 'telnet', 'other'])).toEqual([['package.nginx', '1.2-3']]);
    put('status', `${text}\n${dpkg('other', 'install ok installed', '7')}`);
    expect(await packages.items(['other'])).toEqual([['package.other', '7']]);
  });

  test('come from apk, or from rpm', async () => {
    const apk = put('installed', 'C:x\nP:busybox\nV:1.36-r2\n\nP:musl\nV:1\n');
    expect(await new PackageItems(gate, { ...none, apk }).items(['busybox'])).toEqual([['package.busybox', '1.36-r2']]);
    const rpm = put('rpm', '#!/bin/sh\nprintf "nginx\\t1.20-1\\npackage other is not installed\\n"; exit 1\n');
    chmodSync(rpm, 0o755);
    expect(await new PackageItems(gate, { ...none, rpm }).items(['nginx', 'other'])).toEqual([
      ['package.nginx', '1.20-1'],
    ]);
    expect(await new PackageItems(gate, none).items(['nginx'])).toEqual([]);
  });
});

test('files are told by hash, rights and owner, and by nothing that stands in them', async () => {
  const path = put('secret.conf', 'password=hunter2');
  chmodSync(path, 0o640);
  const files = new FileItems(gate);
  const sha256 = createHash('sha256').update('password=hunter2').digest('hex');
  const items = Object.fromEntries(await files.items([path, join(root, 'absent'), root]));
  expect(items).toEqual({
    [`file.${path}.mode`]: `0640 ${process.getuid?.()}:${process.getgid?.()}`,
    [`file.${path}.sha256`]: sha256,
    [`file.${root}.mode`]: expect.stringMatching(/^0700 /),
    [`file.${root}.sha256`]: 'no file',
  });
  expect(JSON.stringify(items)).not.toContain('hunter2');
  put('secret.conf', 'password=hunter3');
  expect(Object.fromEntries(await files.items([path]))[`file.${path}.sha256`]).not.toBe(sha256);
});

test('an inventory is sent when it has changed, and only then', async () => {
  const clock = new VirtualClock(0);
  const sent: InventoryItems[] = [];
  const path = put('a.conf', 'one');
  const inventory = new Inventory({
    clock,
    procRoot: join(root, 'proc'),
    gate,
    docker: () => '27.1',
    send: (items) => sent.push(items),
  });
  // The disk is real: its answers come in their own time.
  const sends = (count: number) => vi.waitFor(() => expect(sent).toHaveLength(count), { timeout: 10_000 });
  inventory.start();
  inventory.wish('file', { packages: [], files: [path], sysctls: [] });
  await clock.advance(3000);
  await sends(1);
  expect(sent[0]).toMatchObject({
    'docker.version': '27.1',
    [`file.${path}.sha256`]: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  await clock.advance(60_000);
  await new Promise((resolve) => setTimeout(resolve, 60));
  put('a.conf', 'two');
  await clock.advance(60_000);
  await sends(2);
  expect(sent[1]?.[`file.${path}.sha256`]).not.toBe(sent[0]?.[`file.${path}.sha256`]);
  inventory.stop();
  await clock.advance(120_000);
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(sent).toHaveLength(2);
});
