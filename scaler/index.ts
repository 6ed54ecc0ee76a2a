export { DockerDriver, type DockerDriverOptions } from './docker/docker-driver.ts';
export { type ConformanceCase, type ConformanceSubject, conformanceCases } from './testing/conformance.ts';
