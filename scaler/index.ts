export type { Mask, MasksPort } from './act/masks.ts';
export { DockerDriver, type DockerDriverOptions } from './docker/docker-driver.ts';
export { type Container, type ContainerDriver, type ContainerSpec, type ContainerState, isRunning } from './driver.ts';
export { checkGroups, formatProblem, type GroupsCheck, type GroupsProblem } from './groups/check-groups.ts';
export type { Group } from './groups/group.ts';
export { scalerMigrations as migrations } from './record/migrations.ts';
export { createScaler, type Scaler, type ScalerMetrics, type ScalerOptions } from './scaler.ts';
export { type ConformanceCase, type ConformanceSubject, conformanceCases } from './testing/conformance.ts';
