import type { ContainerCreateOptions } from 'dockerode';
import type { ContainerSpec } from '../driver.ts';

/** Bounds what a chatty instance may write: 30 MB. */
const LOG_FILE_BYTES = '10m';
const LOG_FILES = '3';

const NANO = 1e9;

/**
 * The body of `POST /containers/create`. Everything that could give a container a hold on its host
 * (privileges, mounts, devices, host namespaces) is left at Docker's safe default, and there is no
 * way to ask for it. Docker restarts an instance that ends by itself, with growing waits.
 */
export function containerBody(spec: ContainerSpec): ContainerCreateOptions {
  const { cpus, memoryBytes, pids } = spec.resources;
  return {
    name: spec.name,
    Image: spec.image,
    Env: Object.entries(spec.env).map(([key, value]) => `${key}=${value}`),
    Labels: { ...spec.labels },
    ...(spec.command.length === 0 ? {} : { Cmd: [...spec.command] }),
    HostConfig: {
      PidsLimit: pids,
      ...(cpus === null ? {} : { NanoCpus: Math.round(cpus * NANO) }),
      // As much memory with swap as without it: no swap.
      ...(memoryBytes === null ? {} : { Memory: memoryBytes, MemorySwap: memoryBytes }),
      RestartPolicy: { Name: 'unless-stopped' },
      SecurityOpt: ['no-new-privileges'],
      LogConfig: { Type: 'json-file', Config: { 'max-size': LOG_FILE_BYTES, 'max-file': LOG_FILES } },
    },
  };
}
