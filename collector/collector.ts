/** The wiring of a collector: what is made of what, in one line, and its end. */
import { randomInt } from 'node:crypto';
import { AppError, type Clock, type Logger, version } from '../core/index.ts';
import { Declared } from './declared/declared.ts';
import { CounterReport } from './process/counter-report.ts';
import { ProcFiles } from './process/proc-files.ts';
import { Measurement } from './sampling/measurement.ts';
import { TickLoop } from './sampling/tick-loop.ts';
import { ClockOffset } from './transport/clock-offset.ts';
import { EventQueue } from './transport/event-queue.ts';
import { Link } from './transport/link.ts';
import { ResendBuffer } from './transport/resend-buffer.ts';

export type CollectorOptions = {
  /** Address of the server, e.g. `ws://127.0.0.1:7070`. */
  readonly server: string;
  /** File that holds the join token. */
  readonly tokenFile: string;
  /** The host's endpoint; the host's name if nothing else is wanted. */
  readonly name: string;
  readonly cgroupRoot: string;
  readonly procRoot: string;
  /** Docker's unix socket. Nothing has to be there; null: nobody looks. */
  readonly dockerSocket: string | null;
  /** Podman's, asked once a container of Podman was seen. */
  readonly podmanSocket: string | null;
  /** Folder for files in the formats of proc(5), one sub-folder a container; null: none are written. */
  readonly procFiles: string | null;
  /** What people declare for this host; null: nothing. */
  readonly configFile: string | null;
  /** Folder for what outlives a restart; null: nothing does. */
  readonly stateDirectory: string | null;
  /** The kernel's log; null: nobody reads it. */
  readonly kernelLog: string | null;
  readonly clock: Clock;
  readonly logger: Logger;
};

/**
 * Measures this host and its containers every second and sends that to the server, until `signal`
 * aborts. Resolves when everything is closed. Throws `CONFIG_INVALID` for an address that is none
 * and for a proc folder without figures; anything that may come right later is waited for.
 */
export async function runCollector(options: CollectorOptions, signal: AbortSignal): Promise<void> {
  const { clock, logger, server, tokenFile } = options;
  checkAddress(server);
  const random = (): number => randomInt(2 ** 32) / 2 ** 32;
  const offset = new ClockOffset();
  const events = new EventQueue();
  const measurement = new Measurement({
    ...options,
    random,
    clockOffsetMs: () => offset.offsetMs,
    ticksMissed: () => ticks.skipped,
    tell: (event) => events.push(event),
  });
  const buffer = new ResendBuffer();
  const { host: collector, bootEpoch } = measurement;
  const declared: Declared = new Declared({
    ...options,
    readings: measurement.readings,
    containers: () => measurement.containers(),
    facts: measurement.facts,
    label: (labels) => measurement.label(labels),
    docker: () => measurement.docker,
    outgoing: { report: (body) => link.note('report', body), inventory: (items) => link.note('inventory', { items }) },
  });
  const identity = { collector, bootEpoch, version };
  const link: Link = new Link({
    ...{ server, tokenFile, buffer, events, offset, clock, logger, random },
    ...identity,
    onMonitors: (wanted) => declared.take(wanted),
  });
  const procFiles = options.procFiles === null ? null : await ProcFiles.in(options.procFiles, logger);
  const ticks: TickLoop = new TickLoop(clock, (second) => {
    const described = measurement.sample(second);
    link.offer(described);
    procFiles?.offer({ second, dictionary: described.generation.dictionary, values: described.frame.values });
  });
  const report = new CounterReport(clock, logger, () => ({
    ticksSkipped: ticks.skipped,
    clockSteps: ticks.clockSteps,
    framesDropped: buffer.dropped,
    framesUnsendable: link.unsendable,
    procFilesSkipped: procFiles?.skipped ?? 0,
    procFilesRefused: procFiles?.refused ?? 0,
    eventsDropped: events.dropped,
    ...measurement.losses(),
    ...declared.losses(),
  }));

  await declared.start();
  link.start();
  ticks.start();
  report.start();
  await measurement.follow(signal);
  report.stop();
  ticks.stop();
  await declared.stop();
  await link.stop();
  await procFiles?.close();
  measurement.close();
}

function checkAddress(server: string): void {
  const isAddress = URL.canParse(server) && /^wss?:$/.test(new URL(server).protocol);
  if (isAddress) return;
  const hint = 'write it like ws://127.0.0.1:7070';
  throw new AppError('CONFIG_INVALID', 'the address of the server is none', { where: '--server', hint });
}
