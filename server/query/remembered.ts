import { Dictionary, RAW_DECIMALS, type Second, second } from '../../core/index.ts';
import type { Realtime } from '../../realtime/index.ts';

export type Remembered = { readonly collector: string; readonly dictionary: Dictionary; readonly newest: Second };

/** The collectors that the ring was restored with: who was heard before this server started. */
export function rememberedCollectors({ ring }: Pick<Realtime, 'ring'>): readonly Remembered[] {
  const found = new Map<string, { dictionary: Dictionary; newest: number }>();
  for (const store of ring.endpoints()) {
    const known = found.get(store.collector) ?? { dictionary: new Dictionary(0), newest: 0 };
    found.set(store.collector, known);
    const { dictionary } = known;
    const index = dictionary.endpoints.length;
    const series = [...store.series()].map(({ metric, tags }) => ({
      endpoint: index,
      metric,
      tags: { ...tags },
      decimals: RAW_DECIMALS,
    }));
    dictionary.apply({
      generation: 0,
      endpoints: [{ index, endpoint: store.endpoint }],
      firstSeries: dictionary.series.length,
      series,
    });
    known.newest = Math.max(known.newest, store.newestSecond);
  }
  return [...found].flatMap(([collector, { dictionary, newest }]) =>
    newest === 0 ? [] : [{ collector, dictionary, newest: second(newest) }],
  );
}
