/** The folder of a server (or of a collector that keeps samples), and the port. */
import { open, rm, stat, statfs } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Clock } from '../../../../core/index.ts';
import { type Check, ok, problem, skipped, type Verdict, warning } from '../check.ts';

const GIB = 1024 ** 3;
const SYNCS = 20;
const SYNC_BYTES = 64 * 1024;
/** Frames are acknowledged after a sync, at most 50 ms apart. */
const SYNC_MS_WARNING = 50;
const SYNC_MS_PROBLEM = 1000;
const CONNECT_MS_MAX = 2000;

export type Place = { readonly directory: string; readonly port: number | null; readonly clock: Clock };

export function placeChecks({ directory, port, clock }: Place): readonly Check[] {
  return [
    {
      id: 'place.space',
      title: 'disk space',
      why: 'A full disk stops the log: samples stay in the collectors, for some minutes in memory, then in their files.',
      look: () => lookAtSpace(directory),
    },
    {
      id: 'place.rights',
      title: 'rights of the folder',
      why: 'It holds tokens and sessions: whoever reads them is in.',
      look: () => lookAtRights(directory),
    },
    {
      id: 'place.sync',
      title: 'time of a sync',
      why: 'A frame is acknowledged when it is on the disk; a slow disk makes that late, and a stuck one never.',
      look: () => lookAtSync(directory, clock),
    },
    ...(port === null
      ? []
      : [
          {
            id: 'place.port',
            title: `port ${port}`,
            why: 'The server listens there; another program on it keeps it from starting.',
            look: () => lookAtPort(port),
          },
        ]),
  ];
}

async function lookAtSpace(directory: string): Promise<Verdict> {
  const found = await statfs(directory).catch(() => null);
  if (found === null) return problem(`${directory} is not there`, `mkdir -m 700 -p ${directory}`);
  const [free, whole] = [found.bavail * found.bsize, found.blocks * found.bsize];
  const result = `${(free / GIB).toFixed(1)} of ${(whole / GIB).toFixed(1)} GiB free at ${directory}`;
  const fix = `make room, or move ${directory} to a larger disk (--data-dir)`;
  if (free < GIB / 4) return problem(result, fix);
  return free < 2 * GIB || free < whole / 20 ? warning(result, fix) : ok(result);
}

async function lookAtRights(directory: string): Promise<Verdict> {
  const { mode } = await stat(directory);
  const shown = (mode & 0o777).toString(8);
  return (mode & 0o077) === 0
    ? ok(`${shown}: its owner only`)
    : warning(`${shown}: others may enter`, `chmod 700 ${directory}`);
}

async function lookAtSync(directory: string, clock: Clock): Promise<Verdict> {
  const path = join(directory, `.doctor-${clock.nowMs()}`);
  const handle = await open(path, 'wx', 0o600).catch(() => null);
  if (handle === null) return skipped(`this user may not write to ${directory}`);
  const times: number[] = [];
  try {
    for (let round = 0; round < SYNCS; round++) {
      const from = clock.monotonicMs();
      await handle.write(Buffer.alloc(SYNC_BYTES, round), 0, SYNC_BYTES);
      await handle.datasync();
      times.push(clock.monotonicMs() - from);
    }
  } finally {
    await handle.close();
    await rm(path, { force: true });
  }
  return judgeSync(times);
}

export function judgeSync(times: readonly number[]): Verdict {
  const sorted = [...times].sort((a, b) => a - b);
  const [median = 0, worst = 0] = [sorted[Math.floor(sorted.length / 2)], sorted.at(-1)];
  const result = `64 KiB in ${median.toFixed(1)} ms (median), ${worst.toFixed(1)} ms (worst of ${times.length})`;
  const fix = 'put the folder on a local SSD; iostat -x 1 and saker top show who else writes';
  if (median >= SYNC_MS_PROBLEM) return problem(result, fix);
  return median >= SYNC_MS_WARNING ? warning(result, fix) : ok(result);
}

async function lookAtPort(port: number): Promise<Verdict> {
  if (!(await isTaken(port))) return ok('free');
  const answer = await fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(CONNECT_MS_MAX) })
    .then((response) => response.json())
    .catch(() => null);
  const isSaker = typeof answer === 'object' && answer !== null && 'alive' in answer;
  if (isSaker) return ok('a Saker server answers');
  return warning(
    'another program listens',
    `ss -ltnp 'sport = :${port}' says which; start the server with another --port`,
  );
}

function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: CONNECT_MS_MAX });
    const end = (taken: boolean): void => {
      socket.destroy();
      resolve(taken);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}
