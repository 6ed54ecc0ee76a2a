/** Wires the way from event to person: who is told, what keeps messages back, the workers, and what people can do. */
import { type AlertEvent, type Clock, describeError, type Logger, type StateStore } from '../../core/index.ts';
import type { LastPoints, PrehandlingPorts } from '../ports.ts';
import type { RuleSet } from '../rules/rule.ts';
import type { Commit, DeliveryPlan } from '../store/alert-rows.ts';
import { type Acknowledgement, readAcknowledgements, readHolds } from '../store/holds.ts';
import { readLinkSecret, readRecentChanges } from '../store/operations.ts';
import { createMailer, createOutbound, type Link } from './channels/index.ts';
import { addressClass } from './channels/outbound/addresses.ts';
import { Pictures } from './evidence/pictures.ts';
import { LINK_LIFE_MS, type LinkPurpose, signLink } from './links/links.ts';
import { Duties } from './notifier/duties.ts';
import { Notifier } from './notifier/notifier.ts';
import { planDeliveries } from './notifier/plan.ts';
import type { ComposeOptions } from './notifier/stages/compose.ts';
import { Operations } from './operations.ts';
import { Prehandler } from './prehandling/prehandler.ts';
import { Flapping, WINDOW_MS } from './silences/flapping.ts';
import { Holds } from './silences/holds.ts';

export type DeliveryOptions = {
  readonly store: StateStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly publicUrl: string;
  readonly version: string;
  readonly onChange: () => void;
  readonly lastPoints?: LastPoints;
  readonly prehandling?: PrehandlingPorts;
};

export class Delivery {
  /** What people can do. */
  readonly operations: Operations;
  readonly notifier: Notifier;
  readonly duties: Duties;
  readonly prehandler: Prehandler;
  readonly #holds: Holds;
  readonly #flapping: Flapping;
  readonly #acknowledgements: Map<string, Acknowledgement>;
  #lastTickMs: number | null = null;

  private constructor(options: DeliveryOptions, loaded: Loaded) {
    const { store, clock, logger, version, onChange } = options;
    const { holds, flapping, acknowledgements, secret } = loaded;
    this.#holds = holds;
    this.#flapping = flapping;
    this.#acknowledgements = acknowledgements;
    const outbound = createOutbound({ clock, userAgent: `saker/${version}` });
    const compose = composeOptions(options, secret);
    const mailer = createMailer();
    const pictures = new Pictures(clock, options.lastPoints);
    // A message does not wait for a picture, nor fail for the lack of one.
    const picture = (event: AlertEvent) =>
      pictures.draw(event, 'png').then(
        ({ bytes }) => bytes,
        () => null,
      );
    this.notifier = new Notifier({ store, clock, logger, outbound, mailer, picture, holds, compose, onChange });
    const { notifier } = this;
    const acknowledgementOf = (alertId: string) => acknowledgements.get(alertId);
    const wake = (channels: readonly string[]) => notifier.wake(channels);
    const { prehandling: ports = {} } = options;
    this.prehandler = new Prehandler({ store, clock, logger, outbound, ports, wake });
    this.duties = new Duties({
      ...{ store, clock, logger, holds, acknowledgementOf, wake, onChange },
      prehandle: () => this.prehandler.look(),
      channels: () => notifier.channels,
      people: () => notifier.people,
      lastTickMs: () => this.#lastTickMs,
    });
    this.operations = new Operations({
      ...{ store, clock, secret, holds, acknowledgements, notifier, compose, pictures, onChange },
      duties: this.duties,
    });
  }

  /** Reads what a restart must not forget. Rejects with `STATE_STORE`. */
  static async open(options: DeliveryOptions): Promise<Delivery> {
    const delivery = new Delivery(options, await load(options));
    await delivery.prehandler.load();
    delivery.duties.start();
    return delivery;
  }

  use({ channels, people, handlers }: RuleSet): void {
    this.prehandler.use(handlers);
    this.notifier.use(channels, people);
  }

  /** A tick was judged: this server watches. */
  onTick(): void {
    this.#lastTickMs = this.operations.nowMs;
  }

  plan(commit: Commit, nowMs: number): DeliveryPlan {
    const { channels, people } = this.notifier;
    const acknowledgementOf = (alertId: string) => this.#acknowledgements.get(alertId);
    const context = {
      channels,
      people,
      holds: this.#holds,
      flapping: this.#flapping,
      prehandler: this.prehandler,
      acknowledgementOf,
    };
    const plan = planDeliveries(commit.event, commit.channels, context, nowMs);
    if (commit.event.status === 'OK') this.#acknowledgements.delete(commit.event.id);
    return plan;
  }

  async close(): Promise<void> {
    await this.duties.close();
    await this.notifier.close();
  }
}

type Loaded = {
  readonly holds: Holds;
  readonly flapping: Flapping;
  readonly acknowledgements: Map<string, Acknowledgement>;
  readonly secret: string;
};

async function load({ store, clock, logger }: DeliveryOptions): Promise<Loaded> {
  const holds = new Holds();
  for (const hold of await readHolds(store)) holds.set(hold);
  const acknowledgements = new Map((await readAcknowledgements(store)).map((known) => [known.alertId, known]));
  const flapping = new Flapping();
  try {
    for (const event of await readRecentChanges(store, clock.nowMs() - WINDOW_MS)) flapping.note(event);
  } catch (error) {
    logger.warn({ error: describeError(error) }, 'how often alerts changed before the start is not known');
  }
  return { holds, flapping, acknowledgements, secret: await readLinkSecret(store) };
}

function composeOptions({ publicUrl, clock }: DeliveryOptions, secret: string): ComposeOptions {
  const base = publicUrl.replace(/\/+$/, '');
  const isPublic = base.startsWith('https:') && addressClass(new URL(base).hostname) !== 'internal';
  const link = (purpose: LinkPurpose, event: AlertEvent, by: string): Link => {
    const expiresAtMs = clock.nowMs() + LINK_LIFE_MS;
    return {
      label: purpose,
      url: `${base}/act/${signLink(secret, { purpose, eventKey: event.key, by, expiresAtMs })}`,
    };
  };
  return {
    publicUrl,
    linksFor: (event, by) => [link('acknowledge', event, by), link('silence', event, by)],
    // Chat programs fetch pictures from outside: an address that only this house knows would be a broken one there.
    imageFor: (event) => (isPublic ? `${link('chart', event, '').url}/chart.png` : undefined),
  };
}
