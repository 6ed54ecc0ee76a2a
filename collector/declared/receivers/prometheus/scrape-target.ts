/** Which containers want to be scraped, by their labels. */
import type { ContainerDescription } from '../../../sampling/identity.ts';

export type ScrapeTarget = { readonly port: number; readonly path: string; readonly everySeconds: number };

const EVERY_DEFAULT_SECONDS = 10;

/**
 * `saker.scrape: "9100"`, or `saker.scrape: "true"` with `saker.scrape.port`; `prometheus.io/…` mean the
 * same. Null for a container that does not ask; a text says what is wrong with the labels of one that does.
 */
export function scrapeTargetOf({ labels }: Pick<ContainerDescription, 'labels'>): ScrapeTarget | string | null {
  const own = labels['saker.scrape'];
  const wish = own ?? labels['prometheus.io/scrape'];
  if (wish === undefined || wish === 'false') return null;
  const isPort = /^\d+$/.test(wish);
  if (wish !== 'true' && !isPort)
    return `the label saker.scrape is ${JSON.stringify(wish.slice(0, 40))}; write a port, true or false`;
  const named = labels['saker.scrape.port'] ?? labels['prometheus.io/port'];
  const port = Number(isPort ? wish : named);
  if (!isPort && named === undefined) return 'the port is missing; add the label saker.scrape.port';
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return 'the port is no number from 1 to 65535';
  const path = labels['saker.scrape.path'] ?? labels['prometheus.io/path'] ?? '/metrics';
  if (!/^\/[\x21-\x7e]{0,255}$/.test(path)) return 'the path does not begin with / or is too long';
  const every = Number(
    /^(\d+)s?$/.exec(labels['saker.scrape.every'] ?? String(EVERY_DEFAULT_SECONDS))?.[1] ?? Number.NaN,
  );
  if (!(every >= 1 && every <= 3600)) return 'the label saker.scrape.every is no time from 1s to 3600s';
  return { port, path, everySeconds: every };
}
