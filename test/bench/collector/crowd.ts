import type { TestDocker } from '../../docker/engine.ts';

/** Every so many containers one computes, one forks and one serves its neighbour's requests. */
const BUSY_EVERY = 20;

/**
 * Starts containers until there are `count`: most of them wait, as most containers do, and a few
 * work. All have limits, so that every family has its series.
 */
export async function growCrowd(docker: TestDocker, from: number, count: number): Promise<void> {
  for (let index = from; index < count; index++) {
    const args = ['--cpus', '0.05', '--memory', '64m', '--pids-limit', '50'];
    await docker.start({ name: `c${index}`, command: commandOf(index % BUSY_EVERY), args });
  }
}

function commandOf(kind: number): string[] {
  if (kind === 0) return ['sh', '-c', 'while :; do :; done'];
  if (kind === 1) return ['sh', '-c', 'while :; do sleep 1; done'];
  if (kind === 2) {
    const request = 'wget -q -O /dev/null http://127.0.0.1/';
    return ['sh', '-c', `echo ok > /www/index.html; httpd -h /www; while :; do ${request}; sleep 1; done`];
  }
  return ['sleep', '86400'];
}
