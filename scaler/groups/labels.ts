import { type Group, placeLabels } from './group.ts';

/** Labels that the scaler sets on what it makes. */
export const sakerLabels = {
  service: 'saker.service',
  slot: 'saker.slot',
  group: 'saker.group',
  action: 'saker.action',
} as const;

/** The service that a group's instances are slots of. */
export function serviceOf(group: Group): string {
  return group.match[sakerLabels.service] ?? group.node.service ?? group.name;
}

/** Labels that every new instance of the group has, so that it is selected: as `key: value`. */
export function instanceLabels({ template, match, node }: Group): Record<string, string> {
  const places = Object.entries(node).map(([key, value]): [string, string] => [`saker.${key}`, value]);
  return { ...template.labels, ...Object.fromEntries(places), ...match };
}

/** Labels, as `key=value`, of which an instance of the group has at least one: what an index goes by. */
export function firstLabels({ match, node }: Group): string[] {
  const [first] = Object.entries(match);
  if (first !== undefined) return [`${first[0]}=${first[1]}`];
  const [place] = Object.entries(node);
  return place === undefined ? [] : placeLabels(place[0]).map((label) => `${label}=${place[1]}`);
}
