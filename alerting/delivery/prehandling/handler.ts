/** What is tried before a person is woken, as the rules file has it. */
import type { AlertEvent } from '../../../core/index.ts';
import { readDuration } from '../../rules/read/duration.ts';
import type { Fields } from '../../rules/read/fields.ts';
import { type Address, addressKeys, readAddress } from '../channels/http/address.ts';
import { globMatcher } from '../silences/glob.ts';

export type HandlerAction =
  /** Restarts the container of the alert. */
  | { readonly kind: 'restart' }
  | { readonly kind: 'workflow'; readonly workflow: string }
  | { readonly kind: 'webhook'; readonly address: Address; readonly secret: string | undefined };

export type Handler = {
  readonly name: string;
  /** Names of rules; `*` stands for any run of characters. */
  readonly rules: readonly string[];
  readonly action: HandlerAction;
  /** People are told when the alert is still open after this. */
  readonly waitMs: number;
  /** What would be done more often than this on one host in an hour is not done, and people are told. */
  readonly perHostHour: number;
};

const RULES_MAX = 20;
const WAIT_SECONDS = 60;
const PER_HOST_HOUR = 3;
const kinds = ['restart', 'workflow', 'webhook'] as const;
const ownKeys = ['name', 'rules', 'action', 'workflow', 'secret', 'wait', 'per_host_hour', ...addressKeys];

export function readHandler(fields: Fields): Handler | undefined {
  fields.rejectUnknown(ownKeys);
  const name = fields.text('name', { required: true, max: 64 });
  const rules = fields.texts('rules', RULES_MAX).map(({ text }) => text);
  if (rules.length === 0) fields.fault('rules', 'which alerts? write rules: ["web down"]; "*" for all');
  const kind = fields.oneOf('action', kinds, { required: true });
  const action = kind === undefined ? undefined : readAction(fields, kind);
  const waitMs = (readDuration(fields, 'wait') ?? WAIT_SECONDS) * 1000;
  const perHostHour = fields.integer('per_host_hour', { min: 1, max: 60 }) ?? PER_HOST_HOUR;
  if (name === undefined || action === undefined) return undefined;
  return { name, rules, action, waitMs, perHostHour };
}

function readAction(fields: Fields, kind: (typeof kinds)[number]): HandlerAction | undefined {
  if (kind === 'restart') return { kind };
  if (kind === 'workflow') {
    const workflow = fields.text('workflow', { required: true, max: 128 });
    return workflow === undefined ? undefined : { kind, workflow };
  }
  const address = readAddress(fields);
  const secret = fields.text('secret');
  return address === undefined ? undefined : { kind, address, secret };
}

/** The first that is for the event's rule. Only the beginning of an incident is acted upon. */
export function handlerFor(handlers: readonly Handler[], event: AlertEvent): Handler | undefined {
  if (event.status !== 'PROBLEM' || event.currentStep !== 1) return undefined;
  return handlers.find(({ rules }) => rules.some((pattern) => globMatcher(pattern)(event.rule)));
}
