/** The registry of channel kinds: a new kind is one file and one line here. */
import type { Fields } from '../../rules/read/fields.ts';
import type { ChannelKind, Transport } from './channel.ts';
import { type ChannelOptions, optionKeys, readOptions } from './channel-options.ts';
import { falconCallback } from './falcon/callback.ts';
import { falconIm, falconMail, falconSms } from './falcon/falcon.ts';
import { pagerduty } from './hooks/pagerduty.ts';
import { webhook } from './hooks/webhook.ts';
import { mail } from './mail/mail.ts';
import { dingtalk } from './robots/dingtalk.ts';
import { feishu } from './robots/feishu.ts';
import { slack } from './robots/slack.ts';
import { teams } from './robots/teams.ts';
import { telegram } from './robots/telegram.ts';
import { wecom } from './robots/wecom.ts';
import { aliyunSms } from './sms/aliyun.ts';
import { tencentSms } from './sms/tencent.ts';
import { twilioSms } from './sms/twilio.ts';

export type { SendResult, SendTools, Transport } from './channel.ts';
export type { ChannelOptions } from './channel-options.ts';
export type { Link, Message, MessageKind, Recipient } from './message/message.ts';
export { type Budget, Budgets } from './outbound/budget.ts';
export { createMailer, type Mailer } from './outbound/mailer.ts';
export { createOutbound, type Outbound } from './outbound/post.ts';

const kinds = {
  webhook,
  dingtalk,
  wecom,
  feishu,
  lark: feishu,
  slack,
  telegram,
  teams,
  pagerduty,
  mail,
  'aliyun-sms': aliyunSms,
  'tencent-sms': tencentSms,
  'twilio-sms': twilioSms,
  'falcon-sms': falconSms,
  'falcon-im': falconIm,
  'falcon-mail': falconMail,
  'falcon-callback': falconCallback,
} as const satisfies Record<string, ChannelKind>;

export type ChannelType = keyof typeof kinds;

const types = Object.keys(kinds).filter((type): type is ChannelType => type in kinds);

export type Channel = {
  readonly name: string;
  readonly type: ChannelType;
  readonly options: ChannelOptions;
  readonly transport: Transport;
};

/** Reads one entry of `channels:`; undefined after its faults were noted. */
export function readChannel(fields: Fields): Channel | undefined {
  const name = readName(fields);
  const type = fields.oneOf('type', types, { required: true });
  if (type === undefined) return undefined;
  const kind = kinds[type];
  fields.rejectUnknown(['name', 'type', ...optionKeys, ...kind.keys]);
  const transport = kind.read(fields);
  const options = readOptions(fields, transport?.mergesLow ?? false);
  return name === undefined || transport === undefined ? undefined : { name, type, options, transport };
}

function readName(fields: Fields): string | undefined {
  const written = fields.written('name', { required: true, max: 64 });
  if (written === undefined || /^[A-Za-z0-9_.:-]+$/.test(written.text)) return written?.text;
  fields.faultAt(written.offset, `the channel name "${written.text}" may hold letters, digits and _ . : - only`);
  return undefined;
}
