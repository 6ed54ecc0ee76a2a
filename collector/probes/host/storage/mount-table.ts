/**
 * Which file systems are measured: /proc/self/mountinfo (proc(5)) reduced to those that lie on a
 * block device of this host, each once. Network file systems are another machine's, and overlays
 * and bind mounts show again what is measured already.
 */
export type Mount = { readonly path: string; readonly fstype: string };

/** At most this many are measured; a host has a handful. */
export const MOUNTS_MAX = 64;

const LOCAL_TYPES = new Set(
  'ext2 ext3 ext4 xfs btrfs zfs bcachefs f2fs jfs reiserfs nilfs2 vfat exfat ntfs ntfs3 fuseblk'.split(' '),
);

/** The mounts to measure, in the order of the file. A line that can not be understood is left out. */
export function mountsOf(mountinfo: string): Mount[] {
  const byDevice = new Map<string, Mount & { readonly root: string }>();
  for (const line of mountinfo.split('\n')) {
    const [left, right] = line.split(' - ', 2);
    const fields = (left ?? '').split(' ');
    const [fstype, source] = (right ?? '').split(' ');
    const device = fields[2];
    const root = fields[3];
    const path = fields[4];
    if (device === undefined || root === undefined || path === undefined || fstype === undefined) continue;
    if (!LOCAL_TYPES.has(fstype)) continue;
    // Subvolumes of btrfs and data sets of zfs have a device number each: their pool is their source.
    const key = source !== undefined && fstype === 'btrfs' ? source : device;
    const known = byDevice.get(key);
    // A mount of the whole file system tells more than a bind mount of a folder in it.
    if (known !== undefined && (known.root === '/' || root !== '/')) continue;
    if (known === undefined && byDevice.size >= MOUNTS_MAX) continue;
    byDevice.set(key, { path: unescapeOctal(path), fstype, root });
  }
  return [...byDevice.values()].map(({ path, fstype }) => ({ path, fstype }));
}

/** The kernel writes space, tab, newline and backslash as `\040` and the like. */
function unescapeOctal(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
