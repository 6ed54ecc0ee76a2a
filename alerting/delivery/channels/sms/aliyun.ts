/**
 * SMS through Alibaba Cloud's SendSms. The provider sends only texts of templates that it has approved, so that the
 * message fills in the parameters of one. Source: help.aliyun.com, Dysmsapi 2017-05-25, SendSms.
 */
import { createHash } from 'node:crypto';
import type { Fields } from '../../../rules/read/fields.ts';
import type { ChannelKind, SendResult } from '../channel.ts';
import { addressKeys, readAddress } from '../http/address.ts';
import {
  type CodeMeaning,
  httpTransport,
  jsonAnswer,
  type Part,
  verdictOfCode,
  verdictOfStatus,
} from '../http/http-transport.ts';
import type { Message } from '../message/message.ts';
import { truncate, utf16Units } from '../message/split.ts';
import type { Answer } from '../outbound/post.ts';
import { aliyunSignature } from '../outbound/signatures.ts';
import { groupsOf, phonesOf, readPhones, smsParameters } from './sms.ts';

const URL_DEFAULT = 'https://dysmsapi.aliyuncs.com/';
/** In one request. */
const PHONES_MAX = 1000;

const meanings: Readonly<Record<string, CodeMeaning>> = {
  'isv.BUSINESS_LIMIT_CONTROL': { words: 'its limit of messages to one number', afterMs: 60_000 },
  'isv.DAY_LIMIT_CONTROL': { words: 'the limit of the day that was set', afterMs: 600_000 },
  'isv.AMOUNT_NOT_ENOUGH': { words: 'the account has no money left', refused: true },
  'isv.OUT_OF_SERVICE': { words: 'the account is closed', refused: true },
  'isv.MOBILE_NUMBER_ILLEGAL': { words: 'a telephone number is not one', refused: true },
  'isv.SMS_SIGNATURE_ILLEGAL': { words: 'it does not know the sign_name', refused: true },
  'isv.SMS_TEMPLATE_ILLEGAL': { words: 'it does not know the template_code', refused: true },
  'isv.TEMPLATE_MISSING_PARAMETERS': {
    words: 'the template has parameters that the channel does not fill',
    refused: true,
  },
  SignatureDoesNotMatch: { words: 'the access key secret is wrong', refused: true },
  'InvalidAccessKeyId.NotFound': { words: 'it does not know the access key', refused: true },
};

export const aliyunSms: ChannelKind = {
  keys: [
    ...addressKeys,
    'to',
    'access_key_id',
    'access_key_secret',
    'sign_name',
    'template_code',
    'parameters',
    'region',
  ],
  read(fields: Fields) {
    const address = readAddress(fields, URL_DEFAULT);
    const accessKeyId = fields.text('access_key_id', { required: true });
    const secret = fields.text('access_key_secret', { required: true });
    const signName = fields.text('sign_name', { required: true });
    const templateCode = fields.text('template_code', { required: true });
    const region = fields.text('region') ?? 'cn-hangzhou';
    const to = readPhones(fields);
    const parameters = smsParameters(fields);
    if (address === undefined || accessKeyId === undefined || secret === undefined) return undefined;
    if (signName === undefined || templateCode === undefined) return undefined;
    const request = { accessKeyId, secret, signName, templateCode, region };
    return httpTransport({
      allowInternal: address.allowInternal,
      needsRecipients: to.length === 0,
      readsBody: true,
      parts(message, nowMs): readonly Part[] {
        const templateParam = JSON.stringify(parameters(message));
        return groupsOf(phonesOf(to, message), PHONES_MAX).map((phones) =>
          sendSms(address.url, { ...request, phones, templateParam, message, nowMs }),
        );
      },
      verdict: aliyunVerdict,
    });
  },
};

type Request = {
  readonly accessKeyId: string;
  readonly secret: string;
  readonly signName: string;
  readonly templateCode: string;
  readonly region: string;
  readonly phones: readonly string[];
  readonly templateParam: string;
  readonly message: Message;
  readonly nowMs: number;
};

function sendSms(url: string, request: Request): Part {
  const { accessKeyId, secret, signName, templateCode, region, phones, templateParam, message, nowMs } = request;
  const parameters: Record<string, string> = {
    Action: 'SendSms',
    Version: '2017-05-25',
    Format: 'JSON',
    RegionId: region,
    AccessKeyId: accessKeyId,
    SignatureMethod: 'HMAC-SHA1',
    SignatureVersion: '1.0',
    // Never the same twice: an attempt differs from the next by its time, a part by its first number.
    SignatureNonce: createHash('sha256').update(`${message.key} ${nowMs} ${phones[0]}`).digest('hex').slice(0, 32),
    Timestamp: new Date(nowMs).toISOString().replace(/\.\d+Z$/, 'Z'),
    PhoneNumbers: phones.join(','),
    SignName: signName,
    TemplateCode: templateCode,
    TemplateParam: templateParam,
    OutId: truncate(message.key, 255, utf16Units),
  };
  const body = new URLSearchParams({ ...parameters, Signature: aliyunSignature(secret, 'POST', parameters) });
  return { url, headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: body.toString() };
}

export function aliyunVerdict(answer: Answer, host: string): SendResult {
  const code = jsonAnswer(answer)?.Code;
  if (code === 'OK') return { kind: 'delivered' };
  if (typeof code === 'string') return verdictOfCode(host, code, meanings[code]);
  const verdict = verdictOfStatus(answer, host);
  return verdict.kind === 'delivered' ? { kind: 'retry', reason: `${host} answered without a code` } : verdict;
}
