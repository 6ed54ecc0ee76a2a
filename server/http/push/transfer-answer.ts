import type { Refusals } from './refusals.ts';

/** What the transfer says of a push (`TransferResponse`); its message has room for what was refused. */
export function transferAnswer(Total: number, refusals: Refusals, Latency: number) {
  return { Message: refusals.count === 0 ? 'ok' : refusals.words(Total), Total, Invalid: refusals.count, Latency };
}
