import { defaultRange, isRangeName, type RangeName } from './range.ts';

/**
 * Everything that is seen is in the address: a link that is copied shows the same to somebody else.
 * Values that are the default are left out, so that addresses stay short.
 */
export type Route =
  | OverviewRoute
  | EndpointRoute
  | AlertsRoute
  | WhyRoute
  | BacktestRoute
  | ScalingRoute
  | FleetRoute
  | UnknownRoute;

export const sortKeys = ['name', 'cpu', 'memory', 'network'] as const;
export type SortKey = (typeof sortKeys)[number];
export const shownKinds = ['all', 'host', 'container'] as const;
export type ShownKind = (typeof shownKinds)[number];

export type OverviewRoute = {
  readonly page: 'overview';
  readonly filter: string;
  readonly kind: ShownKind;
  readonly sort: SortKey;
  readonly descending: boolean;
};
/** `atMs` is the right edge of a paused view; null follows the present. */
export type EndpointRoute = {
  readonly page: 'endpoint';
  readonly name: string;
  readonly range: RangeName;
  readonly atMs: number | null;
};
export type AlertsRoute = { readonly page: 'alerts'; readonly show: 'open' | 'all' };
/** Why somebody was, or was not, told of a rule on an endpoint; empty before they are chosen. */
export type BacktestRoute = { readonly page: 'backtest' };
export type WhyRoute = { readonly page: 'why'; readonly rule: string; readonly endpoint: string };
export type ScalingRoute = { readonly page: 'scaling'; readonly group: string | null };
/** Whom to compare: a pattern of host names and a node of the service tree; empty for all. */
export type FleetRoute = { readonly page: 'fleet'; readonly host: string; readonly node: string };
export type UnknownRoute = { readonly page: 'unknown'; readonly path: string };

export const overview: OverviewRoute = { page: 'overview', filter: '', kind: 'all', sort: 'name', descending: false };

const FILTER_LENGTH_MAX = 200;
const TIME_MAX_MS = 2 ** 48;

export function parseRoute(path: string, query: string): Route {
  const search = new URLSearchParams(query);
  if (path === '/') return parseOverview(search);
  if (path === '/alerts') return { page: 'alerts', show: search.get('show') === 'all' ? 'all' : 'open' };
  if (path === '/alerts/test') return { page: 'backtest' };
  if (path === '/alerts/why') return { page: 'why', ...parseWhy(search) };
  if (path === '/scaling') return { page: 'scaling', group: search.get('group') };
  if (path === '/hosts') return { page: 'fleet', host: textOf(search, 'host'), node: textOf(search, 'node') };
  const name = /^\/endpoint\/([^/]+)$/.exec(path)?.[1];
  const decoded = name === undefined ? null : decodeOrNull(name);
  if (decoded === null) return { page: 'unknown', path };
  const range = search.get('range');
  return {
    page: 'endpoint',
    name: decoded,
    range: isRangeName(range) ? range : defaultRange,
    atMs: parseTime(search.get('at')),
  };
}

function parseWhy(search: URLSearchParams): Omit<WhyRoute, 'page'> {
  return { rule: textOf(search, 'rule'), endpoint: textOf(search, 'endpoint') };
}

const textOf = (search: URLSearchParams, key: string): string => (search.get(key) ?? '').slice(0, FILTER_LENGTH_MAX);

export function formatRoute(route: Route): string {
  switch (route.page) {
    case 'overview':
      return withQuery('/', [
        ['q', route.filter],
        ['kind', route.kind === 'all' ? '' : route.kind],
        ['sort', route.sort === 'name' ? '' : route.sort],
        ['dir', route.descending ? 'desc' : ''],
      ]);
    case 'endpoint':
      return withQuery(`/endpoint/${encodeURIComponent(route.name)}`, [
        ['range', route.range === defaultRange ? '' : route.range],
        ['at', route.atMs === null ? '' : String(route.atMs)],
      ]);
    case 'alerts':
      return withQuery('/alerts', [['show', route.show === 'open' ? '' : route.show]]);
    case 'backtest':
      return '/alerts/test';
    case 'why':
      return withQuery('/alerts/why', [
        ['rule', route.rule],
        ['endpoint', route.endpoint],
      ]);
    case 'scaling':
      return withQuery('/scaling', [['group', route.group ?? '']]);
    case 'fleet':
      return withQuery('/hosts', [
        ['host', route.host],
        ['node', route.node],
      ]);
    case 'unknown':
      return route.path;
  }
}

/** The address of an endpoint's page, at the present or ending at a moment. */
export function endpointPath(name: string, range: RangeName = defaultRange, atMs: number | null = null): string {
  return formatRoute({ page: 'endpoint', name, range, atMs });
}

function parseOverview(search: URLSearchParams): OverviewRoute {
  const sort = search.get('sort');
  const kind = search.get('kind');
  return {
    page: 'overview',
    filter: (search.get('q') ?? '').slice(0, FILTER_LENGTH_MAX),
    kind: shownKinds.find((each) => each === kind) ?? 'all',
    sort: sortKeys.find((each) => each === sort) ?? 'name',
    descending: search.get('dir') === 'desc',
  };
}

function withQuery(path: string, pairs: readonly (readonly [string, string])[]): string {
  const search = new URLSearchParams();
  for (const [key, value] of pairs) if (value !== '') search.set(key, value);
  const text = search.toString();
  return text === '' ? path : `${path}?${text}`;
}

function decodeOrNull(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null; // A stray percent sign: an address of nothing, which the page says.
  }
}

function parseTime(text: string | null): number | null {
  if (text === null || !/^\d{1,15}$/.test(text)) return null;
  const value = Number(text);
  return value > 0 && value <= TIME_MAX_MS ? value : null;
}
