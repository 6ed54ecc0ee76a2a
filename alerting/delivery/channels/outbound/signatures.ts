/**
 * The signatures that receivers ask for. Each is pure and has a golden vector in the test beside it.
 */
import { createHash, createHmac } from 'node:crypto';

/**
 * DingTalk: `base64(HMAC-SHA256(key = secret, message = timestamp "\n" secret))`, timestamp in milliseconds. It
 * travels in the query, where it has to be percent-encoded.
 * Source: open.dingtalk.com, "custom robot access", section on signing.
 */
export function dingtalkSignature(secret: string, timestampMs: number): string {
  return createHmac('sha256', secret).update(`${timestampMs}\n${secret}`).digest('base64');
}

/**
 * Feishu and Lark: `base64(HMAC-SHA256(key = timestamp "\n" secret, message = ""))`, timestamp in seconds: key and
 * message are DingTalk's the other way round. Source: open.larkoffice.com, "custom bot usage guide".
 */
export function feishuSignature(secret: string, timestampSeconds: number): string {
  return createHmac('sha256', `${timestampSeconds}\n${secret}`).digest('base64');
}

export type StandardWebhook = {
  readonly secret: string;
  readonly id: string;
  readonly timestampSeconds: number;
  readonly body: string;
};

/**
 * Standard Webhooks 1.0: `v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`. A secret that begins with
 * `whsec_` is base64 of the key, as the specification writes it; any other is the key itself.
 * Source: github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md.
 */
export function standardWebhookSignature({ secret, id, timestampSeconds, body }: StandardWebhook): string {
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : secret;
  return `v1,${createHmac('sha256', key).update(`${id}.${timestampSeconds}.${body}`).digest('base64')}`;
}

/**
 * Alibaba Cloud's RPC signature, version 1.0: HMAC-SHA1 with `secret&` over the method, `/` and the sorted
 * parameters, each percent-encoded twice. Source: help.aliyun.com, "request syntax and signature method (RPC)".
 */
export function aliyunSignature(
  secret: string,
  method: 'GET' | 'POST',
  parameters: Readonly<Record<string, string>>,
): string {
  const canonical = Object.keys(parameters)
    .sort()
    .map((name) => `${percentEncode(name)}=${percentEncode(parameters[name] ?? '')}`)
    .join('&');
  const text = `${method}&${percentEncode('/')}&${percentEncode(canonical)}`;
  return createHmac('sha1', `${secret}&`).update(text).digest('base64');
}

/** RFC 3986: all but letters, digits and `-_.~`. */
export function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

export type TencentRequest = {
  readonly secretId: string;
  readonly secretKey: string;
  readonly service: string;
  readonly host: string;
  readonly timestampSeconds: number;
  readonly body: string;
};

/**
 * Tencent Cloud's TC3-HMAC-SHA256 for a POST of JSON, with `content-type` and `host` signed. Returns the value of
 * the Authorization header. Source: cloud.tencent.com/document/api/382/52072 (signature v3).
 */
export function tencentAuthorization(request: TencentRequest): string {
  const { secretId, secretKey, service, host, timestampSeconds, body } = request;
  const date = new Date(timestampSeconds * 1000).toISOString().slice(0, 10);
  const headers = `content-type:${TENCENT_CONTENT_TYPE}\nhost:${host}\n`;
  const canonical = ['POST', '/', '', headers, 'content-type;host', sha256(body)].join('\n');
  const scope = `${date}/${service}/tc3_request`;
  const text = ['TC3-HMAC-SHA256', String(timestampSeconds), scope, sha256(canonical)].join('\n');
  const dateKey = createHmac('sha256', `TC3${secretKey}`).update(date).digest();
  const serviceKey = createHmac('sha256', dateKey).update(service).digest();
  const key = createHmac('sha256', serviceKey).update('tc3_request').digest();
  const signature = createHmac('sha256', key).update(text).digest('hex');
  return `TC3-HMAC-SHA256 Credential=${secretId}/${scope}, SignedHeaders=content-type;host, Signature=${signature}`;
}

export const TENCENT_CONTENT_TYPE = 'application/json; charset=utf-8';

const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');
