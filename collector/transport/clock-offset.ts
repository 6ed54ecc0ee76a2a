/**
 * How far this clock is from the server's, by Cristian's algorithm (F. Cristian, "Probabilistic
 * clock synchronization", 1989): an answer carries the server's time and what we sent when; half
 * of the round trip is taken as the way back. The error is at most half of the round trip, so of
 * the latest answers the one with the shortest counts. An acknowledgement waits for the disk, up
 * to 50 ms; the answer to the greeting does not.
 */
const ANSWERS_KEPT = 60;

/** A longer round trip says nothing of use, and a clock that was set meanwhile looks like one. */
const ROUND_TRIP_MS_MAX = 10_000;

type Answer = { readonly roundTripMs: number; readonly offsetMs: number };

export class ClockOffset {
  readonly #answers: Answer[] = [];

  /** All in wall-clock ms: when we sent, what the server's clock said, when the answer came. */
  heard(answer: { readonly sentAtMs: number; readonly serverMs: number; readonly nowMs: number }): void {
    const roundTripMs = answer.nowMs - answer.sentAtMs;
    if (!(roundTripMs >= 0 && roundTripMs <= ROUND_TRIP_MS_MAX)) return;
    const offsetMs = answer.nowMs - (answer.serverMs + roundTripMs / 2);
    this.#answers.push({ roundTripMs, offsetMs });
    if (this.#answers.length > ANSWERS_KEPT) this.#answers.shift();
  }

  /** Positive when this clock is ahead; NaN before the first answer. */
  get offsetMs(): number {
    let best: Answer | undefined;
    for (const answer of this.#answers) if (best === undefined || answer.roundTripMs < best.roundTripMs) best = answer;
    return best?.offsetMs ?? Number.NaN;
  }
}
