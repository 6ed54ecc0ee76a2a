import type { ContainerSpec } from '../driver.ts';
import type { Group } from '../groups/group.ts';
import { sakerLabels, serviceOf } from '../groups/labels.ts';

/**
 * A container of a group's template. Its identity is service and slot, so that it continues the
 * line of the one that had the slot before; its name holds the action's id, which makes a second
 * create of the same action meet the first.
 */
export function containerSpec(group: Group, slot: number, actionId: string): ContainerSpec {
  const { image, command, env, labels, resources } = group.template;
  return {
    name: `${group.name}-${slot}-${actionId}`,
    image,
    command,
    env,
    labels: {
      ...labels,
      ...group.match,
      [sakerLabels.service]: serviceOf(group),
      [sakerLabels.slot]: String(slot),
      [sakerLabels.group]: group.name,
      [sakerLabels.action]: actionId,
    },
    resources,
  };
}
