/** What a person or a machine is told, before a channel gives it its form. */
import type { AlertEvent } from '../../../../core/index.ts';

/** How to reach somebody: what a person's entry in the rules file says. */
export type Recipient = {
  readonly name: string;
  readonly phone?: string;
  readonly email?: string;
  readonly im?: string;
};

/**
 * `event`: one event. `digest`: many that came at once. `summary`: what happened while a silence held or an alert
 * flapped. `report`: what an action before paging did. `heartbeat`: this server lives. `test`: somebody pressed a button.
 */
export const messageKinds = ['event', 'digest', 'summary', 'report', 'heartbeat', 'test'] as const;
export type MessageKind = (typeof messageKinds)[number];

export type Message = {
  /** The same in every attempt: receivers know a message that comes again by it. */
  readonly key: string;
  readonly kind: MessageKind;
  /** What it is about as a whole: a digest with any PROBLEM in it is one. */
  readonly status: 'PROBLEM' | 'OK';
  /** The most urgent of its events; 0 to 6. */
  readonly priority: number;
  /** How bad, and what: `[P1][PROBLEM] container cpu high`. */
  readonly title: string;
  /** The rest, a fact a line, plain text. */
  readonly lines: readonly string[];
  /** All of it in one line, for an SMS or a list. */
  readonly text: string;
  /** Opens the live chart, or the list of events, as of that moment. */
  readonly url: string;
  readonly links: readonly Link[];
  /** A picture of the window, where there is one; anybody with the address may see it. */
  readonly imageUrl?: string;
  /** Of an `event` the one; of others the first ones. */
  readonly events: readonly AlertEvent[];
  /** How many events the message stands for. */
  readonly count: number;
  readonly recipients: readonly Recipient[];
  readonly createdAtMs: number;
};

/** Something to press, beside the chart. */
export type Link = { readonly label: string; readonly url: string };
