import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rangeNames } from './range.ts';
import { endpointPath, formatRoute, overview, parseRoute, type Route, shownKinds, sortKeys } from './route.ts';

function reparse(route: Route): Route {
  const url = new URL(formatRoute(route), 'http://saker.test');
  return parseRoute(url.pathname, url.search);
}

describe('addresses of pages', () => {
  test('an address without a query shows every host and container by name', () => {
    expect(parseRoute('/', '')).toEqual(overview);
    expect(formatRoute(overview)).toBe('/');
  });

  test('any endpoint name survives its address', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 255 }).filter((text) => !/^\.+$/.test(text));
    fc.assert(
      fc.property(name, fc.constantFrom(...rangeNames), fc.option(fc.integer({ min: 1 })), (name, range, atMs) => {
        const route: Route = { page: 'endpoint', name, range, atMs };
        expect(reparse(route)).toEqual(route);
      }),
    );
  });

  test('any filter, kind and order survives its address', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 60 }),
        fc.constantFrom(...shownKinds),
        fc.constantFrom(...sortKeys),
        fc.boolean(),
        (filter, kind, sort, descending) => {
          const route: Route = { page: 'overview', filter, kind, sort, descending };
          expect(reparse(route)).toEqual(route);
        },
      ),
    );
  });

  test('whom to compare survives its address', () => {
    const route: Route = { page: 'fleet', host: 'web-*', node: 'cop=a,cluster=b c' };
    expect(reparse(route)).toEqual(route);
    expect(formatRoute({ page: 'fleet', host: '', node: '' })).toBe('/hosts');
  });

  test('a slash in a name stays inside the name', () => {
    expect(endpointPath('a/b')).toBe('/endpoint/a%2Fb');
  });

  test('what an address says wrongly falls back to the default', () => {
    expect(parseRoute('/endpoint/web-1', '?range=2h&at=yesterday')).toEqual({
      page: 'endpoint',
      name: 'web-1',
      range: '5m',
      atMs: null,
    });
    expect(parseRoute('/', '?sort=colour&kind=pod')).toEqual(overview);
  });

  test('a path that names nothing is unknown, also one with a stray percent sign', () => {
    expect(parseRoute('/capacity', '')).toEqual({ page: 'unknown', path: '/capacity' });
    expect(parseRoute('/endpoint/%E0%A4%A', '')).toEqual({ page: 'unknown', path: '/endpoint/%E0%A4%A' });
  });
});
