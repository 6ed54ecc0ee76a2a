import { setTimeout as delay } from 'node:timers/promises';

/** Asks again and again until the answer is neither undefined, null nor false. Fails with what was awaited. */
export async function until<Answer>(
  what: string,
  ask: () => Promise<Answer | undefined | null | false> | Answer | undefined | null | false,
  deadlineMs = 15_000,
): Promise<Answer> {
  const endMs = performance.now() + deadlineMs;
  let lastError: unknown;
  while (performance.now() < endMs) {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== null && answer !== false) return answer;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    await delay(50);
  }
  throw new Error(`waited ${deadlineMs} ms in vain: ${what}`, { cause: lastError });
}
