/** The points at which alerting is killed, in the order of an event's way, and what victim and killer say. */
export const killPoints = ['judged', 'stored', 'received', 'sent', 'marked'] as const;
export type KillPoint = (typeof killPoints)[number];

export type ToVictim = {
  readonly second: number;
  readonly value: number;
  /** What a ring would hold, for a process that has just begun. */
  readonly before: readonly { readonly second: number; readonly value: number }[];
};

export type FromVictim =
  | { readonly kind: 'ready' }
  | { readonly kind: 'judged'; readonly second: number }
  /** Every event is durable, and every message sent and noted. */
  | { readonly kind: 'settled' };
