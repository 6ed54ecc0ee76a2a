import { describeError } from '../../core/index.ts';
import type { HistoryClient } from '../../history/index.ts';
import type { Realtime } from '../../realtime/index.ts';
import type { Readiness } from '../http/routes/operations-routes.ts';

type Parts = { readonly realtime: Realtime; readonly history: HistoryClient };

/** Ready means: takes samples and makes them durable. History may lag or be away; that is said, and no more. */
export async function readinessOf({ realtime, history }: Parts): Promise<Readiness> {
  const { healthy, pendingFrames } = realtime.status().log;
  const log = healthy ? 'ok' : `can not be written, ${pendingFrames} frames wait`;
  return { ready: healthy, parts: { log, history: await historyState(history) } };
}

async function historyState(history: HistoryClient): Promise<string> {
  try {
    const { lagSeconds } = await history.status();
    return lagSeconds === null ? 'ok' : `ok, ${Math.round(lagSeconds)} s behind`;
  } catch (error) {
    return describeError(error);
  }
}
