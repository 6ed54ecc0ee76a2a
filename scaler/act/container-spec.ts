import type { ContainerSpec } from '../driver.ts';
import type { Group } from '../groups/group.ts';
import { instanceLabels, sakerLabels, serviceOf } from '../groups/labels.ts';

/**
 * A container of a group's template. Its identity is service and slot, so that it continues the
 * line of the one that had the slot before; its name holds the action's id, which makes a second
 * create of the same action meet the first.
 */
export function containerSpec(group: Group, slot: number, actionId: string): ContainerSpec {
  const { image, command, env, resources } = group.template;
  return {
    name: `${group.name}-${slot}-${actionId}`,
    image,
    command,
    env,
    labels: {
      ...instanceLabels(group),
      [sakerLabels.service]: serviceOf(group),
      [sakerLabels.slot]: String(slot),
      [sakerLabels.group]: group.name,
      [sakerLabels.action]: actionId,
    },
    resources,
  };
}
