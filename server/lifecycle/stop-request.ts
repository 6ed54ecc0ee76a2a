type Process = Pick<NodeJS.Process, 'on'>;

/**
 * Resolves once somebody wants the process to end: a signal, or the supervisor is gone. Called
 * first thing, so that a request which comes while the process still starts is not missed.
 */
export function stopRequest(process: Process): Promise<void> {
  return new Promise((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => resolve());
    process.on('disconnect', () => resolve());
  });
}
