/** Carries one action out. Each way has a deadline of its own; what comes back is a sentence for the record. */
import { type AlertEvent, AppError } from '../../../core/index.ts';
import type { PrehandlingPorts } from '../../ports.ts';
import { signed } from '../channels/hooks/webhook.ts';
import type { Outbound } from '../channels/index.ts';
import type { HandlerAction } from './handler.ts';

export type Performing = {
  readonly event: AlertEvent;
  /** The same in every attempt; the receiver of a webhook and a workflow know the action by it. */
  readonly id: string;
  readonly outbound: Outbound;
  readonly ports: PrehandlingPorts;
  readonly nowMs: number;
};

/** Rejects with an `AppError` when it was not done, or nobody knows whether it was. */
export async function performAction(action: HandlerAction, performing: Performing): Promise<string> {
  const { event, id, ports } = performing;
  switch (action.kind) {
    case 'restart':
      if (ports.restartContainer === undefined) throw missing('containers');
      return ports.restartContainer(event.endpoint, id);
    case 'workflow':
      if (ports.runWorkflow === undefined) throw missing('workflows');
      return ports.runWorkflow(action.workflow, event, id);
    case 'webhook':
      return callWebhook(action, performing);
  }
}

const missing = (what: string): AppError =>
  new AppError('CONFIG_INVALID', `this server has no ${what} to act on`, { hint: 'use action: webhook' });

async function callWebhook(
  { address, secret }: Extract<HandlerAction, { kind: 'webhook' }>,
  { event, id, outbound, nowMs }: Performing,
): Promise<string> {
  const body = JSON.stringify({ action: id, ...event });
  const { status } = await outbound.send({
    url: address.url,
    method: 'POST',
    allowInternal: address.allowInternal,
    headers: { 'Content-Type': 'application/json', 'Idempotency-Key': id, ...signed(secret, id, body, nowMs) },
    body,
    wantsBody: false,
  });
  const host = new URL(address.url).host;
  if (status >= 200 && status < 300) return `${host} answered ${status}`;
  throw new AppError('DELIVERY_FAILED', `${host} answered ${status}`);
}
