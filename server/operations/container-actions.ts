/** What alerting may do to a container before it wakes a person: restart it, through the scaler's Docker driver. */
import type { PrehandlingPorts } from '../../alerting/index.ts';
import { AppError, describeError, type Endpoint } from '../../core/index.ts';
import { type ContainerDriver, isRunning } from '../../scaler/index.ts';

/** Docker's own default between SIGTERM and SIGKILL. */
const GRACE_SECONDS = 10;

export type ContainerActionsOptions = {
  /** Null: there is no Docker, and nothing to restart. Each of its calls has a deadline. */
  readonly driver: Pick<ContainerDriver, 'name' | 'inspect' | 'stop' | 'kill' | 'start'> | null;
  readonly endpointOf: (name: string) => Endpoint | undefined;
};

export function containerActions({ driver, endpointOf }: ContainerActionsOptions): PrehandlingPorts {
  if (driver === null) return {};
  return {
    async restartContainer(name) {
      const container = endpointOf(name)?.container;
      if (container === undefined) throw new AppError('NOT_FOUND', `${name} is no container`);
      const { id } = container;
      if ((await driver.inspect(id)) === null) {
        throw new AppError('NOT_FOUND', `${driver.name} has no container of ${name}`, {
          hint: 'containers of other hosts are restarted by action: webhook',
        });
      }
      const how = await driver.stop(id, GRACE_SECONDS).then(
        () => 'restarted',
        async (error: unknown) => {
          // A stop that hangs is to be expected; what counts is whether the container still runs.
          await driver.kill(id);
          return `killed, for it did not stop (${describeError(error)}), and started`;
        },
      );
      const after = await driver.inspect(id);
      if (after !== null && isRunning(after)) {
        throw new AppError('DOCKER_REFUSED', `container ${container.name} runs on after SIGKILL`);
      }
      await driver.start(id);
      return `container ${container.name} was ${how}`;
    },
  };
}
