import { Agent } from 'node:http';
import type Docker from 'dockerode';
import { AppError, type Clock } from '../../core/index.ts';
import type { Container, ContainerDriver, ContainerSpec, ContainerState } from '../driver.ts';
import { sakerLabels } from '../groups/labels.ts';
import { containerBody } from './container-body.ts';
import { withDeadline } from './deadline.ts';
import { asAppError, statusOf } from './docker-faults.ts';

/** Deadlines of the calls, in milliseconds. `stop` adds the grace that it gives the container. */
export type Deadlines = {
  readonly look: number;
  readonly create: number;
  readonly start: number;
  readonly stop: number;
  readonly kill: number;
  readonly remove: number;
};

/** From `autoscaling.md` A13: stop's grace + 10 s, kill 15 s; the others by the same measure. */
export const defaultDeadlines: Deadlines = {
  look: 5000,
  create: 30_000,
  start: 30_000,
  stop: 10_000,
  kill: 15_000,
  remove: 30_000,
};

export type DockerDriverOptions = {
  readonly socketPath: string;
  readonly clock: Clock;
  readonly deadlines?: Deadlines;
};

/**
 * The Docker API of one host, over its unix socket. dockerode is loaded at the first call, since
 * it costs 15 MB that a server without Docker need not pay.
 */
export class DockerDriver implements ContainerDriver {
  readonly name: string;
  readonly #socketPath: string;
  readonly #clock: Clock;
  readonly #deadlines: Deadlines;
  #client: Promise<Docker> | null = null;

  constructor({ socketPath, clock, deadlines = defaultDeadlines }: DockerDriverOptions) {
    this.name = `Docker at ${socketPath}`;
    this.#socketPath = socketPath;
    this.#clock = clock;
    this.#deadlines = deadlines;
  }

  async list(): Promise<readonly Container[]> {
    return this.#call('list containers', this.#deadlines.look, async (docker, abortSignal) =>
      listed(await docker.listContainers({ all: true, abortSignal })),
    );
  }

  async findByAction(actionId: string): Promise<Container | null> {
    const filters = { label: [`${sakerLabels.action}=${actionId}`] };
    const found = await this.#call('find a container', this.#deadlines.look, async (docker, abortSignal) =>
      listed(await docker.listContainers({ all: true, filters, abortSignal })),
    );
    return found[0] ?? null;
  }

  async inspect(id: string): Promise<Container | null> {
    const what = `inspect container ${short(id)}`;
    return this.#call(what, this.#deadlines.look, async (docker, abortSignal) => {
      const found = await unless([404], docker.getContainer(id).inspect({ abortSignal }));
      return found === null ? null : inspected(found);
    });
  }

  async create(spec: ContainerSpec): Promise<string> {
    const what = `create container ${spec.name}`;
    const created = await this.#call(what, this.#deadlines.create, (docker, abortSignal) =>
      unless([409], docker.createContainer({ ...containerBody(spec), abortSignal })),
    );
    if (created === null) return this.#madeBefore(spec);
    if (typeof created.id === 'string' && created.id !== '') return created.id;
    throw new AppError('DOCKER_UNAVAILABLE', `${what}: the answer has no id`, { where: this.name });
  }

  async start(id: string): Promise<void> {
    await this.#call(`start container ${short(id)}`, this.#deadlines.start, (docker, abortSignal) =>
      unless([304], docker.getContainer(id).start({ abortSignal })),
    );
  }

  async stop(id: string, graceSeconds: number): Promise<void> {
    const deadlineMs = graceSeconds * 1000 + this.#deadlines.stop;
    await this.#call(`stop container ${short(id)}`, deadlineMs, (docker, abortSignal) =>
      unless([304, 404], docker.getContainer(id).stop({ t: graceSeconds, abortSignal })),
    );
  }

  async kill(id: string): Promise<void> {
    await this.#call(`kill container ${short(id)}`, this.#deadlines.kill, (docker, abortSignal) =>
      unless([404, 409], docker.getContainer(id).kill({ signal: 'SIGKILL', abortSignal })),
    );
  }

  async remove(id: string): Promise<void> {
    await this.#call(`remove container ${short(id)}`, this.#deadlines.remove, (docker, abortSignal) =>
      unless([404], docker.getContainer(id).remove({ v: true, abortSignal })),
    );
  }

  /** The name is taken: by this very action, whose answer was lost, or by something else. */
  async #madeBefore(spec: ContainerSpec): Promise<string> {
    const found = await this.inspect(spec.name);
    if (found === null) {
      throw new AppError('TIMEOUT', `create container ${spec.name}: the same create has not ended yet`, {
        where: this.name,
      });
    }
    const action = spec.labels[sakerLabels.action];
    if (action !== undefined && found.labels[sakerLabels.action] === action) return found.id;
    throw new AppError('DOCKER_REFUSED', `create container ${spec.name}: the name is in use by another container`, {
      where: this.name,
      hint: 'rename or remove that container',
    });
  }

  async #call<Result>(
    what: string,
    deadlineMs: number,
    call: (docker: Docker, signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    try {
      const docker = await this.#connected();
      return await withDeadline(this.#clock, deadlineMs, what, (signal) => call(docker, signal));
    } catch (error) {
      throw asAppError(error, what, this.name);
    }
  }

  #connected(): Promise<Docker> {
    this.#client ??= connect(this.#socketPath);
    return this.#client;
  }
}

async function connect(socketPath: string): Promise<Docker> {
  const { default: Dockerode } = await import('dockerode');
  const options = {
    socketPath,
    // Without it docker-modem takes a host from DOCKER_HOST, and leaves the socket aside.
    host: undefined,
    protocol: 'http' as const,
    // A connection for each call: one that dockerd has closed meanwhile would fail the next call,
    // and one that hangs must not keep another waiting.
    agent: new Agent({ keepAlive: false }),
  };
  return new Dockerode(options);
}

/** Null where the answer has one of these HTTP states, which mean that there is nothing to do. */
async function unless<Result>(states: readonly number[], call: Promise<Result>): Promise<Result | null> {
  try {
    return await call;
  } catch (error) {
    const status = statusOf(error);
    if (status !== null && states.includes(status)) return null;
    throw error;
  }
}

function listed(found: unknown): readonly Container[] {
  // Half an answer may still be text; what is no list is no answer.
  if (!Array.isArray(found)) throw new Error('the answer is not a list');
  return found.map((entry: Docker.ContainerInfo) => ({
    id: entry.Id,
    name: (entry.Names[0] ?? entry.Id).replace(/^\//, ''),
    image: entry.Image,
    labels: entry.Labels ?? {},
    state: stateOf(entry.State),
    createdAtMs: entry.Created * 1000,
  }));
}

function inspected(found: Docker.ContainerInspectInfo): Container {
  return {
    id: found.Id,
    name: found.Name.replace(/^\//, ''),
    image: found.Config.Image,
    labels: found.Config.Labels ?? {},
    state: stateOf(found.State.Status),
    createdAtMs: Date.parse(found.Created),
  };
}

const states: readonly ContainerState[] = ['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead'];

/** A state that this build does not know is one that it must not count on: `dead`. */
function stateOf(text: string): ContainerState {
  return states.find((state) => state === text) ?? 'dead';
}

function short(id: string): string {
  return id.slice(0, 12);
}
