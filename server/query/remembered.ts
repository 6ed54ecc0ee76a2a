import { Dictionary, isPushedBy, RAW_DECIMALS, type Second, second } from '../../core/index.ts';
import type { Realtime } from '../../realtime/index.ts';

export type Remembered = { readonly collector: string; readonly dictionary: Dictionary; readonly newest: Second };

/**
 * The collectors that the ring was restored with: who was heard before this server started. What is pushed comes
 * endpoint by endpoint, as its ticks do; pushed series of an endpoint that a collector measures are left to whoever
 * pushes them again.
 */
export function rememberedCollectors({ ring }: Pick<Realtime, 'ring'>): readonly Remembered[] {
  const found = new Map<string, { collector: string; dictionary: Dictionary; newest: number }>();
  for (const store of ring.endpoints()) {
    const { collector } = store;
    const isPushed = isPushedBy(collector);
    const key = isPushed ? `${collector} ${store.endpoint.name}` : collector;
    const known = found.get(key) ?? { collector, dictionary: new Dictionary(0), newest: 0 };
    found.set(key, known);
    const { dictionary } = known;
    const index = dictionary.endpoints.length;
    const own = [...store.series()].filter((one) => one.isPushed === isPushed);
    const series = own.map(({ metric, tags, step }) => ({
      endpoint: index,
      metric,
      tags: { ...tags },
      decimals: RAW_DECIMALS,
      step,
    }));
    dictionary.apply({
      generation: 0,
      endpoints: [{ index, endpoint: store.endpoint }],
      firstSeries: dictionary.series.length,
      series,
    });
    known.newest = Math.max(known.newest, store.newestSecond);
  }
  return [...found.values()].flatMap(({ collector, dictionary, newest }) =>
    newest === 0 ? [] : [{ collector, dictionary, newest: second(newest) }],
  );
}
