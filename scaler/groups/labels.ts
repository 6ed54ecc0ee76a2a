import type { Group } from './group.ts';

/** Labels that the scaler sets on what it makes. */
export const sakerLabels = {
  service: 'saker.service',
  slot: 'saker.slot',
  group: 'saker.group',
  action: 'saker.action',
} as const;

/** The service that a group's instances are slots of. */
export function serviceOf(group: Group): string {
  return group.match[sakerLabels.service] ?? group.name;
}
