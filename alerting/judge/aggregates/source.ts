import { type Dictionary, isPushedBy } from '../../../core/index.ts';

/**
 * Whom ticks come from: a collector, all of whose series are in one dictionary. What somebody pushes has a dictionary
 * for each endpoint, and each of these is a source of its own.
 */
export function sourceOf(collector: string, { endpoints }: Pick<Dictionary, 'endpoints'>): string {
  return isPushedBy(collector) ? `${collector} ${endpoints[0]?.name ?? ''}` : collector;
}
