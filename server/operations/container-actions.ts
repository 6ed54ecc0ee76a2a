/** What alerting may do to a container before it wakes a person: restart it, through the scaler's Docker driver. */
import type { PrehandlingPorts } from '../../alerting/index.ts';
import { AppError, type Clock, type Endpoint } from '../../core/index.ts';
import { DockerDriver } from '../../scaler/index.ts';

/** Docker's own default between SIGTERM and SIGKILL. */
const GRACE_SECONDS = 10;

export type ContainerActionsOptions = {
  readonly clock: Clock;
  /** Null: there is no Docker, and nothing to restart. */
  readonly dockerSocket: string | null;
  readonly endpointOf: (name: string) => Endpoint | undefined;
};

export function containerActions({ clock, dockerSocket, endpointOf }: ContainerActionsOptions): PrehandlingPorts {
  if (dockerSocket === null) return {};
  const driver = new DockerDriver({ socketPath: dockerSocket, clock });
  return {
    async restartContainer(name) {
      const container = endpointOf(name)?.container;
      if (container === undefined) throw new AppError('NOT_FOUND', `${name} is no container`);
      const found = await driver.inspect(container.id);
      if (found === null) {
        throw new AppError('NOT_FOUND', `${driver.name} has no container of ${name}`, {
          hint: 'containers of other hosts are restarted by action: webhook',
        });
      }
      await driver.stop(container.id, GRACE_SECONDS);
      await driver.start(container.id);
      return `container ${container.name} was restarted`;
    },
  };
}
