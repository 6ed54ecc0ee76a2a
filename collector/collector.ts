/** The wiring of a collector: what is made of what, in one line, and its end. */
import { randomInt } from 'node:crypto';
import { AppError, type Clock, describeError, type HostEvent, type Logger, version } from '../core/index.ts';
import { Declared } from './declared/declared.ts';
import { CounterReport } from './process/counter-report.ts';
import { ProcFiles } from './process/proc-files.ts';
import { Measurement } from './sampling/measurement.ts';
import type { Generation } from './sampling/series-register.ts';
import { TickLoop } from './sampling/tick-loop.ts';
import { ClockOffset } from './transport/clock-offset.ts';
import { EventQueue } from './transport/event-queue.ts';
import { Link } from './transport/link.ts';
import { ResendBuffer } from './transport/resend-buffer.ts';
import { Spool, type SpoolGap } from './transport/spool/spool.ts';

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
  /** Containers that neither socket tells of are found by their cgroups. */
  readonly scansCgroups: boolean;
  /** Folder for files in the formats of proc(5), one sub-folder a container; null: none are written. */
  readonly procFiles: string | null;
  /** What people declare for this host; null: nothing. */
  readonly configFile: string | null;
  /** Folder for what outlives a restart; null: nothing does. */
  readonly stateDirectory: string | null;
  /** Most bytes of samples in that folder while the server is away. */
  readonly spoolBytesMax: number;
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
    backlog: () => ({ spoolBytes: spool?.bytes ?? 0, framesLost: buffer.dropped + (spool?.lost ?? 0) }),
  });
  const spool = await spoolOf(options, { measurement, events, onRefused: (seq) => buffer.refused(seq) });
  const buffer: ResendBuffer = new ResendBuffer(spool === null ? null : (described) => spool.append(described));
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
    ...{ server, tokenFile, buffer, spool, events, offset, clock, logger, random },
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
    framesDropped: buffer.dropped + (spool?.lost ?? 0),
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
  buffer.writeAll();
  await spool?.flushed();
  await procFiles?.close();
  measurement.close();
}

type SpoolParts = {
  readonly measurement: Measurement;
  readonly events: EventQueue;
  readonly onRefused: (seq: number) => void;
};

/** Null without a folder for it. One that can not be used is said and done without: measuring goes on. */
async function spoolOf(
  options: CollectorOptions,
  { measurement, events, onRefused }: SpoolParts,
): Promise<Spool | null> {
  const { stateDirectory, spoolBytesMax: bytesMax, clock, logger } = options;
  if (stateDirectory === null) return null;
  const onGap = (gap: SpoolGap): void => events.push(gapEvent(gap, measurement));
  const liveGeneration = (): Generation => measurement.generation;
  try {
    const folder = `${stateDirectory}/spool`;
    return await Spool.open({ folder, clock, logger, bytesMax, onGap, onRefused, liveGeneration });
  } catch (error) {
    logger.error({ reason: describeError(error) }, 'no spool: while the server is away ten minutes are kept in memory');
    return null;
  }
}

/** Seconds that nobody will ever see, told so that nobody looks for them. */
function gapEvent({ fromSecond, toSecond, frames }: SpoolGap, { host, bootEpoch }: Measurement): HostEvent {
  const time = (second: number): string => new Date(second * 1000).toISOString();
  return {
    id: `gap-${bootEpoch}-${fromSecond}`,
    kind: 'samples_lost',
    severity: 'warning',
    atMs: toSecond * 1000,
    endpoint: host,
    text: `${frames} s of samples from ${time(fromSecond)} to ${time(toSecond)} are lost: the spool was full`,
    line: '',
    facts: { from: time(fromSecond), to: time(toSecond), seconds: String(frames) },
  };
}

function checkAddress(server: string): void {
  const isAddress = URL.canParse(server) && /^wss?:$/.test(new URL(server).protocol);
  if (isAddress) return;
  const hint = 'write it like ws://127.0.0.1:7070';
  throw new AppError('CONFIG_INVALID', 'the address of the server is none', { where: '--server', hint });
}
