/**
 * What is installed on hosts that only send: the collector, and the views that need no server's
 * weight. Bundled into one file by tools/bundle.mjs; whatever is imported here counts against it.
 */
import { doctorCommand } from '../commands/doctor/doctor.ts';
import { topCommand } from '../commands/top.ts';
import { versionCommand } from '../commands/version.ts';
import { runProgram } from '../program.ts';
import { collectorHere } from './collector-here.ts';

await runProgram({
  commands: [collectorHere, topCommand, doctorCommand, versionCommand],
  process,
  environment: process.env,
});
