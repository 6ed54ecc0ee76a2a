/** Masks of change workflows are silences of alerting: with an owner, a reason, an end, and one summary at that end. */
import type { Alerting } from '../../alerting/index.ts';
import { AppError } from '../../core/index.ts';
import type { MasksPort } from '../../scaler/index.ts';

export function masksOf(operations: Pick<Alerting['operations'], 'silence' | 'lift'>): MasksPort {
  return {
    async set({ id, endpoint, owner, reason, endsAtMs }) {
      await operations.silence({ id: idOf(id), kind: 'mask', matcher: { endpoint }, reason, endsAtMs }, owner);
    },
    async lift(id) {
      await operations.lift(idOf(id)).catch((error: unknown) => {
        if (!(error instanceof AppError) || error.code !== 'NOT_FOUND') throw error;
      });
    },
  };
}

/** No silence that a person has set can be meant. */
const idOf = (id: string): string => `mask_${id}`;
