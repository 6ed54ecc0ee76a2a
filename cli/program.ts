/** A command line: finds the command, prints help, turns errors into one line and an exit code. */
import { describeError, isAppError, systemClock, version } from '../core/index.ts';
import { type Command, type Terminal, UsageError } from './command.ts';

export type ProgramOptions = {
  readonly commands: readonly Command[];
  readonly process: NodeJS.Process;
  readonly environment: Readonly<Record<string, string | undefined>>;
};

/** Runs the command that the arguments name and sets the exit code: 0 done, 1 failed, 2 wrong use. */
export async function runProgram({ commands, process, environment }: ProgramOptions): Promise<void> {
  const stopping = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => stopping.abort(name));
  // Whoever read our output has left (`saker … | head`), or the terminal is gone: nothing is left to do.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => stopping.abort('EPIPE'));
  const { stdin, stdout, stderr } = process;
  const terminal: Terminal = {
    out: (text) => stdout.write(`${text}\n`),
    err: (text) => stderr.write(`${text}\n`),
    clock: systemClock,
    streams: { stdin, stdout, environment, events: process },
    signal: stopping.signal,
  };
  try {
    process.exitCode = await run(process.argv.slice(2), commands, terminal);
  } catch (error) {
    terminal.err(`saker: ${describeError(error)}`);
    process.exitCode = error instanceof UsageError || isAppError(error, 'BAD_REQUEST') ? 2 : 1;
  }
}

async function run(args: readonly string[], commands: readonly Command[], terminal: Terminal): Promise<number> {
  const [name = '--help', ...rest] = args;
  if (name === '--help' || name === '-h' || name === 'help') {
    terminal.out(overview(commands));
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

function overview(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `Saker ${version} watches containers second by second and acts on what it sees.

Usage: saker COMMAND [--help]

${lines.join('\n')}

saker COMMAND --help tells more of one of them.`;
}
