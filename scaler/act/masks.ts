/** What a change asks of alerting: to keep messages about endpoints back while it is under way. */
export type Mask = {
  /** Of whoever sets it: setting it again changes it, so that a step that is done twice sets one mask. */
  readonly id: string;
  /** Whose messages: the name of an endpoint, `*` for any run of characters. */
  readonly endpoint: string;
  /** Who answers for the change, and why it is made; both are read by people. */
  readonly owner: string;
  readonly reason: string;
  /** It ends by itself then: a workflow that dies masks nothing for ever. At most 90 days from now. */
  readonly endsAtMs: number;
};

/** `server/app.ts` supplies it. Judging goes on behind a mask. */
export type MasksPort = {
  /** Durable and in force when it resolves. Rejects with `BAD_REQUEST`, `CONFLICT` (too many) and `STATE_STORE`. */
  set(mask: Mask): Promise<void>;
  /** Ends it and tells once what it kept back; a mask that is over already is no fault. Rejects with `STATE_STORE`. */
  lift(id: string): Promise<void>;
};
