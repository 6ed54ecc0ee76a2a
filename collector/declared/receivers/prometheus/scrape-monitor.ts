import { request } from 'node:http';
import { AppError, type Clock } from '../../../../core/index.ts';
import type { ContainerFacts } from '../../../engines/answers.ts';
import type { EndpointEntry } from '../../../sampling/series-register.ts';
import type { Checked, Monitor } from '../../monitors/monitor.ts';
import type { PointIntake } from '../point-intake.ts';
import type { Refusals } from '../refusals.ts';
import type { ScrapeTarget } from './scrape-target.ts';
import { parseText } from './text-format.ts';

const ANSWER_BYTES_MAX = 4 * 1024 * 1024;
const DEADLINE_MS = 5000;

export type ScrapeOptions = {
  readonly clock: Clock;
  readonly target: ScrapeTarget | string;
  readonly endpoint: EndpointEntry;
  readonly intake: PointIntake;
  readonly refusals: Refusals;
  /** The facts of the container, or why they are not known. */
  readonly facts: (signal: AbortSignal) => Promise<ContainerFacts | string>;
};

/** Scrapes one container. Its values hang on the container. */
export class ScrapeMonitor implements Monitor {
  readonly #options: ScrapeOptions;

  constructor(options: ScrapeOptions) {
    this.#options = options;
  }

  async check(signal: AbortSignal): Promise<Checked> {
    const { target, facts, intake, refusals, endpoint, clock } = this.#options;
    if (typeof target === 'string') throw new AppError('CONFIG_INVALID', target);
    const known = await facts(signal);
    if (typeof known === 'string') throw new AppError('PROBE_FAILED', known);
    if (known.address === null) throw new AppError('PROBE_FAILED', 'the container has no address');
    const text = await this.#ask(known.address, target, signal);
    const { points, badLines, firstBad, refused } = parseText(text);
    if (points.length === 0) {
      throw new AppError('PROBE_FAILED', `no samples in the answer${firstBad === null ? '' : `; ${firstBad} is none`}`);
    }
    const nowMs = clock.monotonicMs();
    for (const point of points) intake.take(point, endpoint, nowMs);
    if (badLines > 0) refusals.add('lines that are no samples', badLines);
    if (refused > 0) refusals.add('samples beyond 20,000 of one answer', refused);
    return { readings: [], problem: refusals.words() };
  }

  close(): void {}

  #ask(host: string, { port, path }: ScrapeTarget, signal: AbortSignal): Promise<string> {
    const where = `http://${host}:${port}${path}`;
    const failed = (why: string): AppError => new AppError('PROBE_FAILED', `${where}: ${why}`);
    return new Promise((resolve, reject) => {
      const headers = { accept: 'text/plain;version=0.0.4', 'user-agent': 'saker' };
      const outgoing = request({ host, port, path, signal, agent: false, headers });
      const cancel = this.#options.clock.after(DEADLINE_MS, () => {
        outgoing.destroy(failed(`no answer within ${DEADLINE_MS / 1000} s`));
      });
      outgoing.once('response', (incoming) => {
        const chunks: Buffer[] = [];
        let length = 0;
        if (incoming.statusCode !== 200) outgoing.destroy(failed(`status ${incoming.statusCode}`));
        incoming.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          length += chunk.length;
          if (length > ANSWER_BYTES_MAX)
            outgoing.destroy(failed(`an answer of more than ${ANSWER_BYTES_MAX / 1024 / 1024} MiB`));
        });
        incoming.once('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
        incoming.once('error', reject);
      });
      outgoing.on('error', (error) => reject(error instanceof AppError ? error : failed(error.message)));
      outgoing.once('close', cancel);
      outgoing.end();
    });
  }
}
