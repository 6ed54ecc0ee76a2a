/**
 * What the scaler needs of a host that runs containers. `docker/` implements it over the Docker
 * API; `conformanceCases` says, in a form that runs, what every implementation must do.
 *
 * Every call ends: with an answer, or with an `AppError` after a deadline of its own. A call that
 * timed out may still take effect later, so whoever made it looks before trying again.
 *
 * Errors: `DOCKER_UNAVAILABLE` (nobody there), `TIMEOUT` (no answer in time, effect unknown),
 * `DOCKER_REFUSED` (it said no; the same call will be refused again).
 */
import type { Resources } from './groups/group.ts';

export type ContainerState = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';

export type Container = {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly state: ContainerState;
  readonly createdAtMs: number;
};

/** Made from a group's template only, never from raw input; there is no field for anything else. */
export type ContainerSpec = {
  /** Contains the action's id, so that a second create of one action meets the first by name. */
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** `saker.action` among them. */
  readonly labels: Readonly<Record<string, string>>;
  readonly resources: Resources;
};

export interface ContainerDriver {
  /** What is spoken to, for messages: `Docker at /var/run/docker.sock`. */
  readonly name: string;
  /** All containers, stopped ones too. */
  list(): Promise<readonly Container[]>;
  /** The container that an action has made, or null. */
  findByAction(actionId: string): Promise<Container | null>;
  /** Null when there is none of this id. */
  inspect(id: string): Promise<Container | null>;
  /** Returns the id; of the container made before, where this action has made it already. */
  create(spec: ContainerSpec): Promise<string>;
  /** Does nothing to one that runs. */
  start(id: string): Promise<void>;
  /** SIGTERM, and SIGKILL after `graceSeconds`. Does nothing to one that does not run, or is gone. */
  stop(id: string, graceSeconds: number): Promise<void>;
  /** SIGKILL. Does nothing to one that does not run, or is gone. */
  kill(id: string): Promise<void>;
  /** Removes a stopped container and its anonymous volumes. Does nothing when it is gone. */
  remove(id: string): Promise<void>;
}

/** True where the container uses capacity: a restarting one comes back by itself. */
export function isRunning(container: Container): boolean {
  return container.state === 'running' || container.state === 'restarting' || container.state === 'paused';
}
