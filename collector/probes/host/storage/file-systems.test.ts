import { describe, expect, test } from 'vitest';
import { isAbsent, VirtualClock } from '../../../../core/index.ts';
import { SeriesRegister } from '../../../sampling/series-register.ts';
import { ProbeShared, ProbeSite } from '../../probe.ts';
import { type FileSystemCalls, FileSystemsProbe } from './file-systems.ts';
import { mountsOf } from './mount-table.ts';

const MOUNTINFO = String.raw`22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
28 27 0:25 / /mnt/ram ro - tmpfs none ro,size=4k
42 27 254:0 /srv/data /srv/data rw shared:1 - ext4 /dev/vda rw
43 27 254:17 /folder /srv/folder rw shared:1 - xfs /dev/vdb1 rw
44 27 254:17 / /srv/my\040disk rw shared:1 - xfs /dev/vdb1 rw
46 42 0:39 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw,lowerdir=/a:/b
47 27 0:45 / /net/home rw - nfs4 server:/home rw
48 27 0:46 /@ /btrfs rw - btrfs /dev/vdc rw,subvol=/@
49 27 0:47 /@home /btrfs/home rw - btrfs /dev/vdc rw,subvol=/@home
`;

describe('the mounts that are measured', () => {
  test('are those on block devices of this host, each device once, as a whole where it is', () => {
    expect(mountsOf(MOUNTINFO)).toEqual([
      { path: '/', fstype: 'ext4' },
      { path: '/srv/my disk', fstype: 'xfs' },
      { path: '/btrfs', fstype: 'btrfs' },
    ]);
  });

  test('are those of the lines that can be understood', () => {
    expect(mountsOf('\n - \na b c d e - ext4\n1 2 3 -')).toEqual([{ path: 'e', fstype: 'ext4' }]);
    expect(mountsOf('')).toEqual([]);
  });
});

const SPACE = { bsize: 1000, blocks: 100, bfree: 40, bavail: 30, files: 200, ffree: 50 };

function probeOf(calls: Partial<FileSystemCalls>) {
  const clock = new VirtualClock(0);
  const register = new SeriesRegister();
  const entry = register.endpoint({ name: 'h', kind: 'host', host: 'h', state: 'running', labels: {} });
  if (entry === null) throw new Error('no place');
  const shared = new ProbeShared(clock, '', register);
  const probe = new FileSystemsProbe(new ProbeSite(shared, entry), {
    readMounts: async () => MOUNTINFO,
    statfs: async () => SPACE,
    ...calls,
  });
  const tick = async (): Promise<Record<string, number>> => {
    register.beginFrame();
    probe.sample();
    const values = register.endFrame();
    await clock.advance(1000);
    return Object.fromEntries(
      register.generation.dictionary.series.flatMap(({ metric, tags }, index) =>
        isAbsent(values, index) ? [] : [[`${metric} ${tags.mount}`, values[index] as number]],
      ),
    );
  };
  return { probe, tick };
}

describe('the space on file systems', () => {
  test('stands in the tick after its measurement, every ten seconds, and is absent between', async () => {
    const { tick } = probeOf({});
    const counts: number[] = [];
    for (let second = 0; second < 22; second++) counts.push(Object.keys(await tick()).length);
    expect(counts.flatMap((count, at) => (count > 0 ? [at] : []))).toEqual([1, 11, 21]);
    // Ten of each of the three, and three of all together.
    expect(counts[1]).toBe(33);
  });

  test('is counted as df does', async () => {
    const { tick } = probeOf({});
    await tick();
    expect(await tick()).toMatchObject({
      'df.bytes.total /': 100_000,
      'df.bytes.used /': 60_000,
      'df.bytes.free /': 30_000,
      'df.bytes.used.percent /': 66.67,
      'df.bytes.free.percent /': 33.33,
      'df.inodes.total /': 200,
      'df.inodes.used /': 150,
      'df.inodes.used.percent /': 75,
      'df.inodes.free.percent /': 25,
      'df.statistics.total undefined': 300_000,
      'df.statistics.used undefined': 180_000,
      'df.statistics.used.percent undefined': 60,
    });
  });

  test('has no share of inodes where there is no fixed number of them', async () => {
    const { tick } = probeOf({ statfs: async () => ({ ...SPACE, files: 0, ffree: 0 }) });
    await tick();
    const names = Object.keys(await tick());
    expect(names.filter((name) => name.startsWith('df.inodes'))).toEqual([]);
  });

  test('of one file system that hangs delays no other and is not asked for again', async () => {
    const asked: string[] = [];
    const { probe, tick } = probeOf({
      statfs: (path) => {
        asked.push(path);
        return path === '/' ? new Promise(() => {}) : Promise.resolve(SPACE);
      },
    });
    const seen = new Set<string>();
    for (let second = 0; second < 25; second++) for (const name of Object.keys(await tick())) seen.add(name);
    expect(asked.filter((path) => path === '/')).toHaveLength(1);
    expect(probe.late).toBe(1);
    expect([...seen].filter((name) => name.startsWith('df.bytes.total'))).toEqual([
      'df.bytes.total /srv/my disk',
      'df.bytes.total /btrfs',
    ]);
    expect([...seen].filter((name) => name.startsWith('df.statistics'))).toEqual([]);
  });

  test('is asked for no more while two calls hang: each holds a thread', async () => {
    const asked: string[] = [];
    const { tick } = probeOf({
      statfs: (path) => {
        asked.push(path);
        return new Promise(() => {});
      },
    });
    for (let second = 0; second < 40; second++) await tick();
    expect(asked).toEqual(['/', '/srv/my disk']);
  });

  test('is absent when it can not be read', async () => {
    const { tick } = probeOf({ statfs: () => Promise.reject(new Error('EACCES')) });
    for (let second = 0; second < 3; second++) expect(await tick()).toEqual({});
  });
});
