import { readFile, stat } from 'node:fs/promises';
import { type CancelTimer, type Clock, describeError, type Logger } from '../../core/index.ts';
import { checkGroups, type FleetLimits, formatProblem, GROUPS_TEXT_MAX } from './check-groups.ts';
import type { Group } from './group.ts';

/** The file is looked at once a second: a `stat`, which also works on mounts that send no events. */
const LOOK_EVERY_MS = 1000;

export type GroupsFileOptions = {
  readonly path: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called with every accepted version that differs from the one before. */
  readonly onGroups: (groups: readonly Group[], fleet: FleetLimits) => void;
};

/**
 * The groups file, followed. A version that is refused changes nothing but `problem`: the groups of
 * the last good one go on. A file that is not there yet means no groups; one that goes away later
 * is a fault, not a wish to scale everything by hand.
 */
export class GroupsFile {
  #problem: string | null = null;
  readonly #options: GroupsFileOptions;
  #seen = '';
  #accepted = false;
  #cancel: CancelTimer | null = null;
  #closed = false;

  constructor(options: GroupsFileOptions) {
    this.#options = options;
  }

  get path(): string {
    return this.#options.path;
  }

  /** Why the file as it stands is not in force; null when it is. */
  get problem(): string | null {
    return this.#problem;
  }

  /** Reads the file if it has changed, and goes on looking until closed. Never rejects. */
  async follow(): Promise<void> {
    await this.look();
    if (this.#closed) return;
    this.#cancel = this.#options.clock.after(LOOK_EVERY_MS, () => {
      this.follow().catch((error: unknown) => this.#refuse(describeError(error)));
    });
  }

  async look(): Promise<void> {
    try {
      const { ino, size, mtimeMs, ctimeMs } = await stat(this.path);
      const seen = `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
      if (seen === this.#seen) return;
      if (size > GROUPS_TEXT_MAX) this.#refuse(`${this.path}: the file is longer than ${GROUPS_TEXT_MAX} bytes`);
      else this.#read(await readFile(this.path, 'utf8'));
      this.#seen = seen;
    } catch (error) {
      this.#missing(error);
    }
  }

  close(): void {
    this.#closed = true;
    this.#cancel?.();
  }

  #read(text: string): void {
    const check = checkGroups(text, this.path);
    if (check.kind === 'refused') return this.#refuse(check.problems.map(formatProblem).join('\n'));
    this.#problem = null;
    this.#accepted = true;
    this.#options.logger.info({ file: this.path, groups: check.groups.length }, 'groups file accepted');
    this.#options.onGroups(check.groups, check.fleet);
  }

  #missing(error: unknown): void {
    const absent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (absent && !this.#accepted) {
      this.#problem = null;
      return;
    }
    this.#seen = '';
    this.#refuse(absent ? `${this.path} is gone; the groups that it last named go on` : describeError(error));
  }

  #refuse(problem: string): void {
    if (problem !== this.#problem) {
      this.#options.logger.warn({ file: this.path, problem }, 'groups file refused, the running groups stay');
    }
    this.#problem = problem;
  }
}
