import type { Endpoint } from '../../core/index.ts';

/** Labels that say which service a container belongs to, in the order in which the collector believes them. */
const serviceLabels = [
  'saker.service',
  'com.docker.swarm.service.name',
  'io.kubernetes.container.name',
  'com.docker.compose.service',
];

/** The service of a container, from its labels. */
export function serviceOf(endpoint: Endpoint): string | undefined {
  for (const label of serviceLabels) {
    const value = endpoint.labels[label];
    if (value !== undefined) return value;
  }
  return undefined;
}
