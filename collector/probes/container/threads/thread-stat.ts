/**
 * One line of `/proc/<pid>/task/<tid>/stat` (proc(5)): `7 (name) S 1 …`. The name is whatever the
 * program likes, brackets, blanks and newlines included, so fields are counted from its last bracket.
 */
import { readFileSync } from 'node:fs';

const CLOSING_BRACKET = 41;

/** Fields behind the name, of which the state is the first. */
const USER_TICKS = 11;
const SYSTEM_TICKS = 12;
const PROCESSOR = 36;

const ACTIVE = new Set(['R', 'D'].map((state) => state.charCodeAt(0)));

export type ThreadStat = {
  /** It runs, wants to run, or waits uninterruptibly: what a load average counts. */
  readonly isActive: boolean;
  /** Processor time in ticks of 10 ms. */
  readonly ticks: number;
  /** The core on which it ran last. */
  readonly core: number;
};

/** Null for a thread that has ended, and for a line that is none. */
export function readThreadStat(procRoot: string, tid: number): ThreadStat | null {
  let line: Buffer;
  try {
    line = readFileSync(`${procRoot}/${tid}/task/${tid}/stat`);
  } catch {
    // It ended between the list and the look.
    return null;
  }
  return parseThreadStat(line);
}

export function parseThreadStat(line: Buffer): ThreadStat | null {
  const behindName = line.lastIndexOf(CLOSING_BRACKET) + 2;
  if (behindName < 2 || behindName >= line.length) return null;
  const isActive = ACTIVE.has(line[behindName] as number);
  const fields = line.toString('latin1', behindName).split(' ', PROCESSOR + 1);
  const ticks = Number(fields[USER_TICKS]) + Number(fields[SYSTEM_TICKS]);
  const core = Number(fields[PROCESSOR]);
  return Number.isSafeInteger(ticks) && Number.isSafeInteger(core) ? { isActive, ticks, core } : null;
}
