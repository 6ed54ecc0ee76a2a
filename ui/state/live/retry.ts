const DELAYS_MS = [1000, 2000, 4000, 8000, 10_000] as const;
const DELAY_MAX_MS = 10_000;

/** How long to wait before attempt `attempt` (0 is the first after the loss): 1, 2, 4, 8, 10, 10 … seconds. */
export function retryDelayMs(attempt: number): number {
  return DELAYS_MS[attempt] ?? DELAY_MAX_MS;
}
