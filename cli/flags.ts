import { parseArgs } from 'node:util';
import { UsageError } from './command.ts';

type FlagSpec = Readonly<Record<string, { readonly type: 'string' | 'boolean' }>>;

type Flags<Spec extends FlagSpec> = {
  readonly [Name in keyof Spec]?: Spec[Name]['type'] extends 'string' ? string | undefined : boolean | undefined;
};

/** Parses flags and positional arguments. Throws `UsageError` with what is wrong. */
export function parseFlags<Spec extends FlagSpec>(
  args: readonly string[],
  options: Spec,
): { flags: Flags<Spec>; positionals: readonly string[] } {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
    return { flags: values as Flags<Spec>, positionals };
  } catch (error) {
    throw new UsageError(firstSentence(error instanceof Error ? error.message : String(error)));
  }
}

export function refusePositionals(positionals: readonly string[]): void {
  if (positionals.length > 0) throw new UsageError(`unexpected argument ${JSON.stringify(positionals[0])}`);
}

/** Node's messages go on with advice on its own API. */
const firstSentence = (text: string): string => text.split('. ')[0]?.replace(/\.$/, '') ?? text;
