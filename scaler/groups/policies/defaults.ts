/** What holds where a group says nothing. docs/scaling.md gives the reasons. */
export const guardDefaults = {
  cooldownAdd: '0s',
  cooldownRemove: '5m',
  /** Peak of the last ten minutes, as Google's autoscaler; thresholds carry counts of their own instead. */
  stabiliseDownByWork: '10m',
  flaps: '6/1h',
  quorum: '50%',
} as const;

export const policyDefaults = {
  consecutive: 3,
  toleranceUp: '15%',
  toleranceDown: '10%',
  over: '5s',
  panic: { short: '6s', long: '60s', factor: 2 },
  deviations: 2,
  every: '1m',
  hold: '24h',
} as const;

/** The policy of a group that names none: room for a load that grows by half while an instance starts. */
export const shippedPolicy = { kind: 'target', metric: 'cpu.busy', target: 65 } as const;
