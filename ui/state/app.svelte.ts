import { createContext } from 'svelte';
import type { Catalogue } from '../text/catalogue.ts';
import type { Cancel, Clock } from './clock.ts';
import { LiveLink } from './live/live-link.svelte.ts';
import { Preferences } from './preferences.svelte.ts';
import { Navigation } from './route/navigation.svelte.ts';
import { Api } from './server/api.ts';
import { Resource } from './server/resource.svelte.ts';
import { ServerTime } from './server/server-time.svelte.ts';
import { Session } from './server/session.svelte.ts';
import { Units } from './server/units.svelte.ts';
import { Speech } from './speech.svelte.ts';

const LOOK_PERIOD_MS = 30_000;

/** Everything that lives as long as the page. Made once, in `main.ts`; components take it from the context. */
export class App {
  readonly clock: Clock;
  readonly time: ServerTime;
  readonly api: Api;
  readonly session: Session;
  readonly link: LiveLink;
  readonly navigation = new Navigation();
  readonly preferences = new Preferences();
  readonly speech: Speech;
  readonly endpoints = new Resource(() => this.api.endpoints());
  readonly collectors = new Resource(() => this.api.collectors());
  #cancelLook: Cancel = () => {};
  readonly units = new Units(() => this.api.metadata());
  readonly openAlerts = new Resource(() => this.api.alerts('open'));

  constructor(clock: Clock) {
    this.clock = clock;
    this.time = new ServerTime(clock);
    this.speech = new Speech(this.preferences, this.time);
    this.session = new Session(() => this.api);
    this.api = new Api({
      clock,
      fetch: (input, init) => fetch(input, init),
      onSignedOut: this.session.ended,
      onServerTime: this.time.observe,
    });
    this.link = new LiveLink({ clock, isServerThere: () => this.#isServerThere() });
    this.link.onChanged('endpoints', () => {
      this.endpoints.retry();
      this.collectors.retry();
    });
    this.link.onChanged('alerts', this.openAlerts.retry);
  }

  /** The words of the page. */
  get words(): Catalogue {
    return this.preferences.words;
  }

  /** When the link was lost, on the server's clock; null while it holds. */
  get lostAtMs(): number | null {
    const { status } = this.link;
    if (status.kind !== 'waiting' && status.kind !== 'connecting') return null;
    return status.lostAtMs === null ? null : this.time.fromBrowser(status.lostAtMs);
  }

  /** The moment up to which we know anything: the present, or when the link was lost. Staleness is judged at it. */
  get knownToMs(): number {
    return Math.min(this.time.secondMs, this.lostAtMs ?? Number.POSITIVE_INFINITY);
  }

  /** What every page shows: called when somebody has signed in. */
  enter(): void {
    this.link.start();
    this.#lookAgain();
  }

  leave(): void {
    this.#cancelLook();
    this.link.stop();
  }

  /** Changes are announced on the link; the slow round is for what they leave out, such as a clock that drifts. */
  #lookAgain(): void {
    this.endpoints.retry();
    this.collectors.retry();
    this.openAlerts.retry();
    void this.units.learn();
    this.#cancelLook();
    this.#cancelLook = this.clock.after(LOOK_PERIOD_MS, () => this.#lookAgain());
  }

  async #isServerThere(): Promise<boolean> {
    try {
      const answer = await this.api.session();
      if (!answer.signedIn) this.session.ended();
      return true;
    } catch {
      return false;
    }
  }
}

export const [useApp, provideApp] = createContext<App>();
