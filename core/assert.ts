/** Throws when a condition that the code itself guarantees does not hold: a bug, never bad input. */
export function assert(condition: unknown, expected: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: expected ${expected}`);
}

/** Ends every `switch` over a discriminated union: a new member becomes a compile error. */
export function assertNever(value: never): never {
  throw new Error(`assertion failed: unhandled case ${JSON.stringify(value)}`);
}
