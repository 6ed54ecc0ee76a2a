import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';

/**
 * The Docker engine that `test/setup.sh` started, for tests that need real containers. Containers carry the label
 * `saker-test=RUN`, by which `removeAll` finds them, whoever made them: where the product itself makes containers,
 * a test gives it `labels`. Everything goes through the plain `docker` program, so that a test never trusts the
 * client that it tests.
 */
export type TestDocker = {
  /** Path of the engine's socket. */
  readonly socket: string;
  /** A busybox with all its applets; nothing else can be had, for nothing is pulled. */
  readonly image: string;
  /** Marks everything that belongs to this run. */
  readonly labels: Readonly<Record<string, string>>;
  /** A container name that no other run uses, ending in `part`. */
  readonly name: (part: string) => string;
  /** Starts a container and returns its id. */
  readonly start: (container: ContainerSpec) => Promise<string>;
  /** Runs a program in a running container and returns what it wrote to stdout. */
  readonly exec: (container: string, command: readonly string[]) => Promise<string>;
  /** The whole of `docker inspect` for one container, as the engine gives it. */
  readonly inspect: (container: string) => Promise<unknown>;
  /** Ids of the run's containers that are running. */
  readonly running: () => Promise<readonly string[]>;
  /** Any other docker command; returns stdout without its last line feed. Rejects with stderr when it fails. */
  readonly docker: (...args: readonly string[]) => Promise<string>;
  /** Removes every container of the run, also stopped ones. Safe to call twice. */
  readonly removeAll: () => Promise<void>;
};

export type ContainerSpec = {
  /** What the container runs, without a shell unless it names one itself. */
  readonly command: readonly string[];
  /** Part of the name; the engine invents one when it is absent. */
  readonly name?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** More arguments of `docker run`, such as `--memory=32m`. */
  readonly args?: readonly string[];
};

const CALL_MS_MAX = 30_000;
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;

/** For `describe.skipIf(!hasDocker)`. Under CI=true `test/setup.sh` has failed before a suite could skip itself. */
export const hasDocker = process.env.SAKER_TEST_DOCKER_SOCKET !== undefined;

/** Throws where there is no engine: guard the suite with `hasDocker`. */
export function testDocker(environment: NodeJS.ProcessEnv = process.env): TestDocker {
  const { SAKER_TEST_DOCKER_SOCKET: socket, SAKER_TEST_IMAGE: image } = environment;
  if (socket === undefined || image === undefined) {
    throw new Error('SAKER_TEST_DOCKER_SOCKET and SAKER_TEST_IMAGE are not set; see test/setup.sh');
  }
  const run = `run-${process.pid}-${randomBytes(3).toString('hex')}`;
  const labels = { 'saker-test': run };
  const docker = (...args: readonly string[]) => call(socket, args);
  const name = (part: string) => `saker-${run}-${part}`;
  const list = async (...filters: readonly string[]) => {
    const ids = await docker('ps', '--quiet', '--no-trunc', ...filters, '--filter', `label=saker-test=${run}`);
    return ids.split('\n').filter((id) => id !== '');
  };
  return {
    socket,
    image,
    labels,
    name,
    docker,
    start: (container) => docker(...runArguments(container, { labels, image, name })),
    exec: (container, command) => docker('exec', container, ...command),
    inspect: async (container) => JSON.parse(await docker('inspect', container))[0],
    running: () => list(),
    removeAll: async () => {
      const ids = await list('--all');
      if (ids.length > 0) await docker('rm', '--force', '--volumes', ...ids);
    },
  };
}

function runArguments(container: ContainerSpec, engine: Pick<TestDocker, 'labels' | 'image' | 'name'>) {
  const labels = Object.entries({ ...container.labels, ...engine.labels });
  return [
    'run',
    '--detach',
    ...(container.name === undefined ? [] : ['--name', engine.name(container.name)]),
    ...labels.flatMap(([key, value]) => ['--label', `${key}=${value}`]),
    ...(container.args ?? []),
    engine.image,
    ...container.command,
  ];
}

function call(socket: string, args: readonly string[]): Promise<string> {
  const options = { timeout: CALL_MS_MAX, maxBuffer: OUTPUT_BYTES_MAX };
  return new Promise((resolve, reject) => {
    execFile('docker', ['--host', `unix://${socket}`, ...args], options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout.replace(/\n$/, ''));
      else reject(new Error(`docker ${args.join(' ')}: ${stderr.trim() || error.message}`, { cause: error }));
    });
  });
}
