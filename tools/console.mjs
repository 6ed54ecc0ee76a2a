/** What the tools share: where the project is, how a time is shown, and how a tool gives up. */
import { fileURLToPath } from 'node:url';

export const projectRoot = fileURLToPath(new URL('..', import.meta.url));

/**
 * Time since `startedAt`, a value of `performance.now()`, as a person reads it.
 * @param {number} startedAt
 */
export function elapsed(startedAt) {
  return `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
}

/** A wish that the person at the keyboard can fulfil: shown as one line, without a stack. */
export class Refusal extends Error {}

/**
 * @param {boolean} condition
 * @param {string} otherwise what is wrong and what to do
 * @returns {asserts condition}
 */
export function insist(condition, otherwise) {
  if (!condition) throw new Refusal(otherwise);
}

/**
 * Runs a tool's main function: a refusal becomes one line and exit code 1, a bug keeps its stack.
 * @param {() => void | Promise<void>} main
 */
export async function runTool(main) {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof Refusal ? error.message : error);
    process.exitCode = 1;
  }
}

/**
 * @param {unknown} error
 * @param {...string} codes of the operating system, such as ENOENT
 */
export function hasCode(error, ...codes) {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
