/** Ends every `switch` over a union: a new member becomes a compile error. */
export function assertNever(value: never): never {
  throw new Error(`assertion failed: unhandled case ${JSON.stringify(value)}`);
}
