import { parseVector, replayVector } from '../../alerting/index.ts';
import { describeError } from '../../core/index.ts';
import { type Terminal, UsageError } from '../command.ts';
import { readText } from '../file.ts';
import { parseFlags } from '../flags.ts';

/** A line that is no vector costs that line, and the exit code. */
export async function replayVectors(args: readonly string[], { out, err }: Terminal): Promise<number> {
  const { flags, positionals } = parseFlags(args, { vectors: { type: 'string' } });
  if (flags.vectors === undefined || positionals.length > 0) {
    throw new UsageError('saker rules replay takes: --vectors FILE');
  }
  const lines = (await readText(flags.vectors)).split('\n');
  let faults = 0;
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue;
    try {
      const vector = parseVector(JSON.parse(line));
      const { events, fault } = replayVector(vector);
      if (fault !== null) err(`${flags.vectors}:${index + 1}: the rule is passed over: ${fault}`);
      out(JSON.stringify({ id: vector.id, events }));
    } catch (error) {
      faults++;
      err(`${flags.vectors}:${index + 1}: ${describeError(error)}`);
    }
  }
  return faults === 0 ? 0 : 1;
}
