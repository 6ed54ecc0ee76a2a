import { type AlertEvent, assert, type Clock, sleep } from '../../../../core/index.ts';
import type { Budgets, Mailer, Outbound, Transport } from '../../channels/index.ts';
import type { Stage } from '../stage.ts';

export type SendOptions = {
  readonly outbound: Outbound;
  readonly mailer: Mailer;
  readonly clock: Clock;
  readonly picture: (event: AlertEvent) => Promise<Uint8Array | null>;
  readonly budgets: Budgets;
  readonly closing: AbortSignal;
};

/** One attempt through the channel, within its robot's budget. The last stage: it decides. */
export function sendStage({ outbound, mailer, clock, picture, budgets, closing }: SendOptions): Stage {
  const spendOn = async ({ budget }: Transport): Promise<void> => {
    if (budget === undefined) return;
    const account = budgets.of(budget.key, budget.limits);
    for (let waitMs = account.waitMs(clock.monotonicMs()); waitMs > 0; waitMs = account.waitMs(clock.monotonicMs())) {
      await sleep(clock, waitMs, closing);
    }
    account.spend(clock.monotonicMs());
  };
  return ({ channel, message, fromPart }) => {
    assert(channel && message, 'an addressed and composed message');
    const tools = { outbound, mailer, clock, picture, spend: () => spendOn(channel.transport) };
    return channel.transport.send(message, tools, fromPart);
  };
}
