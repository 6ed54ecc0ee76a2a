/**
 * SMS through Tencent Cloud's SendSms: JSON under signature v3; errors come inside a 200, for the request as a whole
 * or for single numbers. Source: cloud.tencent.com/document/api/382, SendSms 2021-01-11.
 */
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
import type { Answer } from '../outbound/post.ts';
import { TENCENT_CONTENT_TYPE, tencentAuthorization } from '../outbound/signatures.ts';
import { groupsOf, phonesOf, readPhones, smsParameters } from './sms.ts';

const URL_DEFAULT = 'https://sms.tencentcloudapi.com/';
/** In one request. */
const PHONES_MAX = 200;

const meanings: Readonly<Record<string, CodeMeaning>> = {
  'AuthFailure.SignatureFailure': { words: 'the secret_key is wrong', refused: true },
  'AuthFailure.SecretIdNotFound': { words: 'it does not know the secret_id', refused: true },
  'AuthFailure.SignatureExpire': { words: 'the clocks differ by more than five minutes' },
  RequestLimitExceeded: { words: 'too many requests in a second' },
  'FailedOperation.InsufficientBalanceInSmsPackage': { words: 'the package has no messages left', refused: true },
  'FailedOperation.SignatureIncorrectOrUnapproved': { words: 'it does not know the sign_name', refused: true },
  'FailedOperation.TemplateIncorrectOrUnapproved': { words: 'it does not know the template_id', refused: true },
  'InvalidParameterValue.IncorrectPhoneNumber': { words: 'a telephone number is not one', refused: true },
  'LimitExceeded.PhoneNumberDailyLimit': { words: 'the limit of the day for one number', refused: true },
  'LimitExceeded.PhoneNumberThirtySecondLimit': { words: 'its limit of messages to one number', afterMs: 30_000 },
  'LimitExceeded.PhoneNumberOneHourLimit': { words: 'its limit of messages to one number', afterMs: 600_000 },
};

export const tencentSms: ChannelKind = {
  keys: [...addressKeys, 'to', 'secret_id', 'secret_key', 'app_id', 'sign_name', 'template_id', 'parameters', 'region'],
  read(fields: Fields) {
    const address = readAddress(fields, URL_DEFAULT);
    const secretId = fields.text('secret_id', { required: true });
    const secretKey = fields.text('secret_key', { required: true });
    const appId = fields.text('app_id', { required: true });
    const signName = fields.text('sign_name', { required: true });
    const templateId = fields.text('template_id', { required: true });
    const region = fields.text('region') ?? 'ap-guangzhou';
    const to = readPhones(fields);
    const parameters = smsParameters(fields);
    if (address === undefined || secretId === undefined || secretKey === undefined) return undefined;
    if (appId === undefined || signName === undefined || templateId === undefined) return undefined;
    const { url, allowInternal } = address;
    return httpTransport({
      allowInternal,
      needsRecipients: to.length === 0,
      readsBody: true,
      parts(message, nowMs): readonly Part[] {
        const timestampSeconds = Math.floor(nowMs / 1000);
        const { host } = new URL(url);
        return groupsOf(phonesOf(to, message), PHONES_MAX).map((phones) => {
          const body = JSON.stringify({
            PhoneNumberSet: phones,
            SmsSdkAppId: appId,
            SignName: signName,
            TemplateId: templateId,
            // The provider numbers parameters: their order in the file is that of {1}, {2} ….
            TemplateParamSet: Object.values(parameters(message)),
            SessionContext: message.key.slice(0, 512),
          });
          const signing = { secretId, secretKey, service: 'sms', host, timestampSeconds, body };
          const headers = {
            'Content-Type': TENCENT_CONTENT_TYPE,
            Authorization: tencentAuthorization(signing),
            'X-TC-Action': 'SendSms',
            'X-TC-Version': '2021-01-11',
            'X-TC-Region': region,
            'X-TC-Timestamp': String(timestampSeconds),
          };
          return { url, headers, body };
        });
      },
      verdict: tencentVerdict,
    });
  },
};

export function tencentVerdict(answer: Answer, host: string): SendResult {
  const response = objectOf(jsonAnswer(answer)?.Response);
  const error = objectOf(response.Error);
  if (typeof error.Code === 'string') return verdictOfCode(host, error.Code, meanings[error.Code]);
  const statuses: readonly unknown[] = Array.isArray(response.SendStatusSet) ? response.SendStatusSet : [];
  const codes = statuses.map((status) => objectOf(status).Code);
  // One number that took it is somebody who knows; sending again would tell them twice.
  if (codes.includes('Ok')) return { kind: 'delivered' };
  const failed = codes.find((code) => typeof code === 'string');
  if (typeof failed === 'string') return verdictOfCode(host, failed, meanings[failed]);
  const verdict = verdictOfStatus(answer, host);
  return verdict.kind === 'delivered' ? { kind: 'retry', reason: `${host} answered without a code` } : verdict;
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}
