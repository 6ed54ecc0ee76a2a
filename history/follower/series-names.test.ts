import { describe, expect, test } from 'vitest';
import { dictionaryOf } from '../fakes/memory-log.ts';
import { SeriesNames, seriesKey } from './series-names.ts';

describe('a series key', () => {
  test('is what it has always been', () => {
    const identity = { endpoint: 'web-1', metric: 'cpu.busy.core', tags: { core: '3' } };
    // printf '["web-1","cpu.busy.core",[["core","3"]]]' | sha1sum
    expect(BigInt(seriesKey(identity)).toString(16)).toBe('c83ba40249b91471');
  });

  test('does not depend on the order of tags', () => {
    const one = seriesKey({ endpoint: 'e', metric: 'm', tags: { a: '1', b: '2' } });
    expect(seriesKey({ endpoint: 'e', metric: 'm', tags: { b: '2', a: '1' } })).toBe(one);
  });

  test('tells apart series that are written alike', () => {
    const comma = seriesKey({ endpoint: 'e', metric: 'm', tags: { a: '1,b=2' } });
    expect(seriesKey({ endpoint: 'e', metric: 'm', tags: { a: '1', b: '2' } })).not.toBe(comma);
    expect(seriesKey({ endpoint: 'e/m', metric: 'm', tags: {} })).not.toBe(
      seriesKey({ endpoint: 'e', metric: 'm/m', tags: {} }),
    );
  });
});

describe('series names', () => {
  test('announce each series once a day', () => {
    const names = new SeriesNames();
    const refs = names.of(dictionaryOf([{ endpoint: 'e', metric: 'm' }]));
    expect(names.unannounced([...refs, ...refs], 1)).toHaveLength(1);
    expect(names.unannounced(refs, 1)).toHaveLength(1);
    names.announced(refs);
    expect(names.unannounced(refs, 1)).toHaveLength(0);
    expect(names.unannounced(refs, 2)).toHaveLength(1);
  });
});
