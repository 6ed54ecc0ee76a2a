import type { Command } from '../command.ts';
import { collectorCommand } from './collector.ts';
import { rulesCommand } from './rules.ts';
import { scaleCommand } from './scale.ts';
import { serverCommand } from './server.ts';
import { topCommand } from './top.ts';
import { upCommand } from './up.ts';
import { versionCommand } from './version.ts';

export const commands: readonly Command[] = [
  upCommand,
  serverCommand,
  collectorCommand,
  topCommand,
  rulesCommand,
  scaleCommand,
  versionCommand,
];

export function overview(): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `Saker watches containers second by second and acts on what it sees.

Usage: saker COMMAND [--help]

${lines.join('\n')}

saker COMMAND --help tells more of one of them.`;
}
