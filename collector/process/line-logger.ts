import type { Clock, Logger } from '../../core/index.ts';
import type { LogLevel } from './flags.ts';

/** Lines like pino's, without pino: 15 MB of memory matter in a process that runs on every host. */
export function lineLogger(level: LogLevel, clock: Clock, writeLine: (line: string) => void): Logger {
  const write =
    (severity: number) =>
    (fields: object, message: string): void =>
      writeLine(JSON.stringify({ level: severity, time: clock.nowMs(), name: 'collector', ...fields, msg: message }));
  return { debug: () => {}, info: level === 'info' ? write(30) : () => {}, warn: write(40), error: write(50) };
}
