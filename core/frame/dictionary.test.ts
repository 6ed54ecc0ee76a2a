import { describe, expect, test } from 'vitest';
import { Dictionary } from './dictionary.ts';
import { MESSAGE_BYTES_MAX } from './messages/limits.ts';

const endpoint = (name: string, labels: Record<string, string> = {}) =>
  ({ name, kind: 'container', host: 'h', state: 'running', labels }) as const;

function filled(count: number, labelBytes: number): Dictionary {
  const dictionary = new Dictionary(1);
  for (let index = 0; index < count; index++) {
    const labels = { note: 'ä'.repeat(labelBytes / 2) };
    dictionary.apply({
      generation: 1,
      endpoints: [{ index, endpoint: endpoint(`c${index}`, labels) }],
      firstSeries: 0,
      series: [],
    });
  }
  return dictionary;
}

describe('a dictionary', () => {
  test('travels in chunks that fit a message, whatever its labels, and arrives whole', () => {
    const sent = filled(300, 1000);
    const received = new Dictionary(1);
    let chunks = 0;
    for (const chunk of sent.chunks()) {
      expect(Buffer.byteLength(JSON.stringify(chunk))).toBeLessThan(MESSAGE_BYTES_MAX);
      received.apply(chunk);
      chunks++;
    }
    expect(chunks).toBeGreaterThan(1);
    expect(received.endpoints).toStrictEqual(sent.endpoints);
  });

  test('refuses a chunk that leaves a hole, and an endpoint that changes its name', () => {
    const dictionary = filled(1, 10);
    const series = [{ endpoint: 0, metric: 'm', tags: {}, decimals: 0 as const }];
    const chunk = { generation: 1, endpoints: [], firstSeries: 3, series };
    expect(() => dictionary.apply(chunk)).toThrow(/series 3 does not follow the 0 known ones/);
    const renamed = {
      generation: 1,
      endpoints: [{ index: 0, endpoint: endpoint('other') }],
      firstSeries: 0,
      series: [],
    };
    expect(() => dictionary.apply(renamed)).toThrow(/c0 can not become other/);
  });

  test('takes a chunk that it has already for nothing new', () => {
    const dictionary = filled(1, 10);
    const series = [{ endpoint: 0, metric: 'm', tags: {}, decimals: 0 as const }];
    for (let again = 0; again < 2; again++) dictionary.apply({ generation: 1, endpoints: [], firstSeries: 0, series });
    expect(dictionary.series).toHaveLength(1);
  });
});
