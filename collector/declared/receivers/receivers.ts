/**
 * What applications send or show by themselves: containers that are scraped, OTLP and StatsD on the
 * host's loopback. Each has its own budget of series, and its own line in the report of monitors.
 */
import { type CancelTimer, type Clock, describeError, type MonitorState, secondOf } from '../../../core/index.ts';
import type { ContainerFacts } from '../../engines/answers.ts';
import type { ContainerDescription } from '../../sampling/identity.ts';
import type { EndpointEntry } from '../../sampling/series-register.ts';
import { defaultConfig, type ReceiversConfig } from '../file/config.ts';
import { MonitorRun } from '../monitors/monitor-run.ts';
import type { ReadingSource, Readings } from '../readings.ts';
import { PointIntake } from './point-intake.ts';
import { ScrapeMonitor } from './prometheus/scrape-monitor.ts';
import { type ScrapeTarget, scrapeTargetOf } from './prometheus/scrape-target.ts';
import { Refusals } from './refusals.ts';

const SERIES_PER_TARGET_MAX = 1000;
const TARGETS_MAX = 200;
const OTLP_SERIES_MAX = 5000;
const STATSD_SERIES_MAX = 3000;
/** A beat comes this long after a tick's second began; the monitors' comes earlier. */
const AFTER_TICK_MS = 500;
/** A port that is taken is tried again. */
const LISTEN_AGAIN_MS = 10_000;

type Running = { readonly container: ContainerDescription; readonly entry: EndpointEntry };
/** A receiver that listens, or the reason why it does not. */
type Listener = {
  readonly name: 'otlp' | 'statsd';
  readonly source: ReadingSource;
  readonly refusals: Refusals;
  error: string | null;
  isListening: boolean;
  close: () => void;
};

export type ReceiversOptions = {
  readonly clock: Clock;
  readonly readings: Readings;
  readonly containers: () => Iterable<Running>;
  readonly facts: (container: ContainerDescription, signal: AbortSignal) => Promise<ContainerFacts | string>;
  readonly onChange: () => void;
};

export class Receivers {
  readonly #options: ReceiversOptions;
  /** By container: what scrapes it. */
  readonly #targets = new Map<string, MonitorRun>();
  readonly #listeners = new Map<'otlp' | 'statsd', Listener>();
  #config: ReceiversConfig = { ...defaultConfig.receivers };
  #flushStatsd = (): void => {};
  #cancel: CancelTimer = () => {};
  #isStopped = false;
  /** Containers beyond those that are scraped. */
  refused = 0;

  constructor(options: ReceiversOptions) {
    this.#options = options;
    options.readings.onTick(() => this.#flushStatsd());
  }

  start(): void {
    const { clock } = this.#options;
    this.#cancel = clock.after(1000 + AFTER_TICK_MS - (clock.nowMs() % 1000), () => {
      this.#beat();
      this.start();
    });
  }

  /** Ports are opened and closed as the new configuration says; what has not changed goes on. */
  apply(config: ReceiversConfig): void {
    const before = this.#config;
    this.#config = config;
    for (const name of ['otlp', 'statsd'] as const) {
      const port = portOf(config, name);
      if (port === portOf(before, name)) continue;
      this.#close(name);
      if (port !== null) void this.#open(name, port);
    }
  }

  states(): MonitorState[] {
    const listeners = [...this.#listeners.values()].map(
      ({ name, source, refusals, error, isListening }): MonitorState => {
        const state = error !== null ? 'failing' : isListening ? 'ok' : 'starting';
        const said = (error ?? refusals.words())?.slice(0, 1000) ?? null;
        return { name, type: name, origin: 'file', state, error: said, checkedAtMs: null, series: source.seriesCount };
      },
    );
    return [...listeners, ...[...this.#targets.values()].map((run) => run.state())];
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel();
    for (const name of ['otlp', 'statsd'] as const) this.#close(name);
    for (const run of this.#targets.values()) run.close();
    this.#targets.clear();
  }

  /** Scrapes what is due, after a look at which containers want it. */
  #beat(): void {
    const wanted = new Map<string, { readonly running: Running; readonly target: ScrapeTarget | string }>();
    for (const running of this.#config.prometheus ? this.#options.containers() : []) {
      const target = scrapeTargetOf(running.container);
      // Another process of the same container is another target: it has another address, and counts from 0.
      if (target !== null) wanted.set(`${running.container.id} ${running.container.pid}`, { running, target });
    }
    for (const [key, run] of this.#targets) {
      if (wanted.has(key)) continue;
      run.close();
      this.#targets.delete(key);
      this.#options.onChange();
    }
    const second = secondOf(this.#options.clock.nowMs());
    for (const [key, { running, target }] of wanted) {
      const run = this.#targets.get(key) ?? this.#begin(key, running, target);
      run?.watch();
      if (run?.isDue(second) && !run.isBusy) void run.check();
    }
  }

  #begin(key: string, { container, entry }: Running, target: ScrapeTarget | string): MonitorRun | null {
    const { clock, readings, facts, onChange } = this.#options;
    if (this.#targets.size >= TARGETS_MAX) {
      this.refused++;
      return null;
    }
    const source = readings.source(SERIES_PER_TARGET_MAX, true);
    const refusals = new Refusals();
    const intake = new PointIntake(source, refusals, SERIES_PER_TARGET_MAX);
    const monitor = new ScrapeMonitor({
      ...{ clock, target, endpoint: entry, intake, refusals },
      facts: (signal) => facts(container, signal),
    });
    const everySeconds = typeof target === 'string' ? 60 : target.everySeconds;
    const name = `prometheus/${entry.description.name}`.slice(0, 255);
    const definition = { name, type: 'prometheus', everySeconds };
    const run = new MonitorRun({ definition, origin: 'file', monitor, source, clock, onChange });
    this.#targets.set(key, run);
    onChange();
    return run;
  }

  /** Never rejects: a port that is taken is an error of that receiver, and tried again. */
  async #open(name: 'otlp' | 'statsd', port: number): Promise<void> {
    const { readings, onChange, clock } = this.#options;
    const source = readings.source(name === 'otlp' ? OTLP_SERIES_MAX : STATSD_SERIES_MAX, true);
    const listener: Listener = {
      name,
      source,
      refusals: new Refusals(),
      error: null,
      isListening: false,
      close: () => {},
    };
    this.#listeners.set(name, listener);
    try {
      listener.close = name === 'otlp' ? await this.#openOtlp(port, listener) : await this.#openStatsd(port, listener);
      listener.isListening = true;
      // It was switched off while it opened.
      if (this.#listeners.get(name) !== listener) listener.close();
    } catch (error) {
      listener.error = `port ${port} of 127.0.0.1 can not be opened: ${describeError(error)}`;
      const cancel = clock.after(LISTEN_AGAIN_MS, () => {
        if (this.#isStopped || this.#listeners.get(name) !== listener) return;
        void this.#open(name, port);
      });
      listener.close = cancel;
    }
    onChange();
  }

  /** Protobuf is only loaded by who takes it. */
  async #openOtlp(port: number, { source, refusals }: Listener): Promise<() => void> {
    const { OtlpReceiver } = await import('./otlp/otlp-receiver.ts');
    const { clock, containers } = this.#options;
    const receiver = new OtlpReceiver({
      port,
      clock,
      refusals,
      intake: new PointIntake(source, refusals, OTLP_SERIES_MAX),
      endpointOf: (id) => {
        for (const { container, entry } of containers())
          if (id.length >= 12 && container.id.startsWith(id)) return entry;
        return null;
      },
    });
    await receiver.listen();
    return () => receiver.close();
  }

  async #openStatsd(port: number, { source, refusals }: Listener): Promise<() => void> {
    const { StatsdReceiver } = await import('./statsd/statsd-receiver.ts');
    const receiver = new StatsdReceiver({ port, clock: this.#options.clock, source, refusals });
    await receiver.listen();
    this.#flushStatsd = () => receiver.flush();
    return () => {
      this.#flushStatsd = () => {};
      receiver.close();
    };
  }

  #close(name: 'otlp' | 'statsd'): void {
    const listener = this.#listeners.get(name);
    if (listener === undefined) return;
    this.#listeners.delete(name);
    listener.close();
    listener.source.release();
    this.#options.onChange();
  }
}

const portOf = (config: ReceiversConfig, name: 'otlp' | 'statsd'): number | null =>
  name === 'otlp' ? config.otlpPort : config.statsdPort;
