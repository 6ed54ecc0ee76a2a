/** Reads a receiver's URL out of the rules file, with the first half of the guard against internal addresses. */
import type { Fields } from '../../../rules/read/fields.ts';
import { addressClass } from '../outbound/addresses.ts';

export type Address = { readonly url: string; readonly allowInternal: boolean };

export const addressKeys = ['url', 'allow_internal'] as const;

/** `usual` stands where the file has no `url`, for receivers that everybody has at the same address. */
export function readAddress(fields: Fields, usual?: string): Address | undefined {
  const allowInternal = fields.boolean('allow_internal') ?? false;
  const written = fields.written('url', { required: usual === undefined, max: 2048 });
  if (written === undefined) return usual === undefined ? undefined : { url: usual, allowInternal };
  const problem = problemOf(written.text, allowInternal);
  if (problem === undefined) return { url: written.text, allowInternal };
  fields.faultAt(written.offset, problem);
  return undefined;
}

/** What is wrong with the URL as it stands in the file; what its name resolves to is checked at each attempt. */
function problemOf(text: string, allowInternal: boolean): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) return 'the url can not be read; write https://HOST/PATH';
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    return `the url begins with ${url.protocol}; webhooks go to https:// or http://`;
  }
  if (url.username !== '' || url.password !== '') {
    return 'the url holds a user or a password; put a secret token into the path or the query instead';
  }
  const kind = addressClass(url.hostname);
  if (kind === 'never') return `${url.hostname} is no address that a message can go to; write the receiver's own`;
  if (kind === 'internal' && !allowInternal) {
    return `${url.hostname} is an internal address; add "allow_internal: true" to the channel if it is meant`;
  }
  return undefined;
}
