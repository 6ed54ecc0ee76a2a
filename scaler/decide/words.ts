/** `1 instance`, `2 instances`. */
export function plural(count: number, noun: string): string {
  return count === 1 ? `1 ${noun}` : `${count} ${noun}s`;
}

/** At most two decimals, as a person reads it. */
export function rounded(value: number): string {
  return String(Math.round(value * 100) / 100);
}

export function seconds(ms: number): string {
  return `${Math.ceil(ms / 1000)} s`;
}
