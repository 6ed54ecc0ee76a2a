/**
 * Keeps something equal to a file: looked at every two seconds, taken when it is good, and refused
 * whole when it is not, so that what held before goes on.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { type CancelTimer, type Clock, describeError, type Logger } from '../../../core/index.ts';
import { FILE_BYTES_MAX } from './config.ts';

const LOOK_EVERY_MS = 2000;

export type FollowedFileOptions = {
  readonly path: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Takes a new version, or returns why it is refused. */
  readonly take: (text: string) => Promise<string | null>;
  /** `error` has changed. */
  readonly onStatus: () => void;
  /** False where a file may be missing: then nothing is said of it. */
  readonly mustExist: boolean;
};

export class FollowedFile {
  readonly #options: FollowedFileOptions;
  /** Why the newest version was refused, or the file can not be read. */
  error: string | null = null;
  #fingerprint = '';
  #isClosed = false;
  #cancel: CancelTimer = () => {};
  #looking: Promise<void> = Promise.resolve();

  constructor(options: FollowedFileOptions) {
    this.#options = options;
  }

  /** Resolves when the file was looked at for the first time. Never rejects. */
  async start(): Promise<void> {
    this.#looking = this.#look();
    await this.#looking;
    if (this.#isClosed) return;
    this.#cancel = this.#options.clock.after(LOOK_EVERY_MS, () => void this.start());
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel();
    await this.#looking;
  }

  async #look(): Promise<void> {
    const { path, take, mustExist } = this.#options;
    try {
      const found = await stat(path);
      const fingerprint = `${found.ino} ${found.size} ${found.mtimeMs} ${found.ctimeMs}`;
      if (fingerprint === this.#fingerprint) return;
      this.#fingerprint = fingerprint;
      this.#say(await take(await readBounded(path)));
    } catch (error) {
      const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      const wasThere = this.#fingerprint !== '';
      this.#fingerprint = '';
      if (!isMissing) this.#say(`${path}: ${describeError(error)}`);
      else if (wasThere) this.#say(`${path}: the file is gone; what it said goes on`);
      else if (mustExist) this.#say(`${path}: there is no such file`);
    }
  }

  #say(error: string | null): void {
    const { logger, path, onStatus } = this.#options;
    if (error === null) logger.info({ file: path }, 'file taken');
    if (error === this.error) return;
    this.error = error;
    if (error !== null) logger.error({ file: path, error }, 'the file was refused; what held before goes on');
    onStatus();
  }
}

/** The file's text, or a byte more than is allowed: its reader then says so. */
const readBounded = (path: string): Promise<string> => text(createReadStream(path, { end: FILE_BYTES_MAX }));
