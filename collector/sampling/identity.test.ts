import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Dictionary, parseDictionaryChunk } from '../../core/index.ts';
import {
  boundedLabels,
  type ContainerDescription,
  cleanTag,
  endpointNameOf,
  endpointOf,
  hostNameOf,
} from './identity.ts';

const named = (name: string, labels: Record<string, string> = {}): string => endpointNameOf({ name, labels }, 'host1');

describe('the endpoint of a container', () => {
  test('is its service and slot, unqualified, where saker labels name them', () => {
    expect(named('x', { 'saker.service': 'web', 'saker.slot': '3' })).toBe('web.3');
  });

  test('needs both saker labels, else the next rule holds', () => {
    expect(named('x', { 'saker.service': 'web' })).toBe('host1/x');
    expect(named('x', { 'saker.service': 'web', 'saker.slot': '' })).toBe('host1/x');
  });

  const compose = {
    'com.docker.compose.project': 'shop',
    'com.docker.compose.service': 'web',
    'com.docker.compose.container-number': '2',
  };

  test('is project, service and number on its host under Compose', () => {
    expect(named('shop-web-2', compose)).toBe('host1/shop.web.2');
  });

  test('is its name for a one-off run of a Compose service, which shares its number with a real one', () => {
    expect(named('shop-web-run-1', { ...compose, 'com.docker.compose.oneoff': 'True' })).toBe('host1/shop-web-run-1');
  });

  test('is service and slot, without the task that changes, under Swarm', () => {
    const labels = {
      'com.docker.swarm.service.name': 'web',
      'com.docker.swarm.task.name': 'web.2.k8s0m9x8s7d6f5g4h3j2k1l0z',
    };
    expect(named('web.2.k8s0', labels)).toBe('web.2');
  });

  test('is namespace, pod and container under Kubernetes', () => {
    const labels = {
      'io.kubernetes.pod.namespace': 'shop',
      'io.kubernetes.pod.name': 'web-0',
      'io.kubernetes.container.name': 'nginx',
    };
    expect(named('k8s_nginx', labels)).toBe('shop.web-0.nginx');
  });

  test('is its name on its host where no label tells more', () => {
    expect(named('db')).toBe('host1/db');
    expect(named('')).toBe('host1/unnamed');
  });

  test('believes saker labels before all others', () => {
    expect(named('x', { ...compose, 'saker.service': 'api', 'saker.slot': '1' })).toBe('api.1');
  });

  test('cannot climb out of its part of the name', () => {
    expect(named('x', { 'saker.service': '../host2/db', 'saker.slot': '1/2' })).toBe('.._host2_db.1_2');
    expect(named('x', { 'saker.service': 'a\u0000b\n', 'saker.slot': '\u202e1' })).toBe('a_b_._1');
  });

  test('of 255 characters stays, of 256 is cut and told from its like by a hash', () => {
    const exact = 'a'.repeat(255 - 'host1/'.length);
    expect(named(exact)).toBe(`host1/${exact}`);
    const [one, two] = [named(`${exact}b`), named(`${exact}c`)];
    expect([one.length, two.length]).toEqual([255, 255]);
    expect(one).not.toBe(two);
  });

  test('whatever the labels are, is one that the server accepts', () => {
    const hostile = fc.string({ unit: 'binary', maxLength: 400 });
    const labels = fc.dictionary(
      fc.oneof(hostile, fc.constantFrom('saker.service', 'saker.slot', '__proto__', 'com.docker.compose.project')),
      fc.oneof(hostile, fc.string({ unit: 'grapheme', maxLength: 3000 })),
    );
    fc.assert(
      fc.property(hostile, labels, hostile, hostile, (name, labelsOfIt, image, host) => {
        const container: ContainerDescription = {
          id: 'a'.repeat(64),
          name,
          image,
          labels: labelsOfIt,
          pid: 1,
          startedAtMs: 0,
          hostNetwork: false,
          restarts: 0,
          health: 'none',
          layerFolder: null,
        };
        const endpoint = endpointOf(container, hostNameOf(host));
        const sent: unknown = JSON.parse(
          JSON.stringify({ generation: 1, endpoints: [{ index: 0, endpoint }], firstSeries: 0, series: [] }),
        );
        const dictionary = new Dictionary(1);
        dictionary.apply(parseDictionaryChunk(sent));
        expect(dictionary.endpoints[0]).toEqual(endpoint);
      }),
    );
  });
});

describe('labels', () => {
  test('that do not fit are left out, in the order of their keys', () => {
    const many = Object.fromEntries(
      Array.from({ length: 300 }, (_, index) => [`k${String(index).padStart(3, '0')}`, 'v']),
    );
    expect(Object.keys(boundedLabels(many))).toHaveLength(128);
    expect(Object.keys(boundedLabels(many)).at(-1)).toBe('k127');
    const long = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`k${10 + index}`, 'v'.repeat(1100)]));
    expect(Object.keys(boundedLabels(long))).toHaveLength(15);
    expect(boundedLabels(long).k10).toHaveLength(1024);
  });

  test('with keys that are not printable, or that name the prototype, are left out', () => {
    const labels: Record<string, string> = JSON.parse('{"__proto__":"x","a\\nb":"x","":"x","fine":"y"}');
    expect(boundedLabels(labels)).toEqual({ fine: 'y' });
  });
});

describe('a tag', () => {
  test('keeps no separator of tags and no control character', () => {
    expect(cleanTag('/mnt/a,b=c d\u0007')).toBe('/mnt/a_b_c d_');
  });
});
