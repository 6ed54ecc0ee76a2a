#!/usr/bin/env node
import { describeError, isAppError, systemClock } from '../core/index.ts';
import { UsageError } from './command.ts';
import { commands, overview } from './commands/index.ts';

const stopping = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => stopping.abort(name));
// Whoever read our output has left (`saker … | head`), or the terminal is gone: nothing is left to do.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => stopping.abort('EPIPE'));

const terminal = {
  out: (text: string) => process.stdout.write(`${text}\n`),
  err: (text: string) => process.stderr.write(`${text}\n`),
  clock: systemClock,
  streams: { stdin: process.stdin, stdout: process.stdout, environment: process.env, events: process },
  signal: stopping.signal,
};

async function main(args: readonly string[]): Promise<number> {
  const [name = '--help', ...rest] = args;
  if (name === '--help' || name === '-h' || name === 'help') {
    terminal.out(overview());
    return 0;
  }
  const command = commands.find((one) => one.name === (name === '--version' || name === '-v' ? 'version' : name));
  if (command === undefined)
    throw new UsageError(`there is no command ${JSON.stringify(name)}; saker --help lists them`);
  if (rest.includes('--help') || rest.includes('-h')) {
    terminal.out(command.help);
    return 0;
  }
  return command.run(rest, terminal);
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`saker: ${describeError(error)}\n`);
    process.exitCode = error instanceof UsageError || isAppError(error, 'BAD_REQUEST') ? 2 : 1;
  },
);
