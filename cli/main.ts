#!/usr/bin/env node
import { commands } from './commands/index.ts';
import { runProgram } from './program.ts';

await runProgram({ commands, process, environment: process.env });
