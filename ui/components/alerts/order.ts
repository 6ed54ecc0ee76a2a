import type { Alert } from '../../../core/api/index.ts';

type Urgent = Pick<Alert, 'priority' | 'sinceMs'>;
type Ending = Pick<Alert, 'status' | 'lastEventMs'>;
type Condition = Pick<Alert['condition'], 'metric' | 'tags' | 'func'> & { readonly operator: string };

export type PriorityGroup<Item> = { readonly priority: number; readonly alerts: readonly Item[] };

/** Most urgent first, and the newest first among equals. */
export function byPriority<Item extends Urgent>(alerts: readonly Item[]): readonly PriorityGroup<Item>[] {
  const priorities = [...new Set(alerts.map((alert) => alert.priority))].sort((a, b) => a - b);
  return priorities.map((priority) => ({
    priority,
    alerts: alerts.filter((alert) => alert.priority === priority).toSorted((a, b) => b.sinceMs - a.sinceMs),
  }));
}

/** When the last alert ended, or null when none is known. */
export function lastEndMs(alerts: readonly Ending[]): number | null {
  const ends = alerts.filter((alert) => alert.status === 'OK').map((alert) => alert.lastEventMs);
  return ends.length === 0 ? null : ends.reduce((a, b) => Math.max(a, b));
}

/** Red is for P0 and P1, orange for P2 and P3, yellow below. */
export function urgency(priority: number): 'red' | 'orange' | 'yellow' {
  if (priority <= 1) return 'red';
  return priority <= 3 ? 'orange' : 'yellow';
}

/** `cpu.busy{core=3} all(#3) > 80`: the rule as its file says it. */
export function conditionText(condition: Condition, rightText: string): string {
  const tags = Object.entries(condition.tags).map(([key, value]) => `${key}=${value}`);
  const metric = tags.length === 0 ? condition.metric : `${condition.metric}{${tags.join(',')}}`;
  return `${condition.func} ${metric} ${condition.operator} ${rightText}`;
}

/** Whom a rule watches, as its file says it: `kind=container, service=web`; empty when it watches all. */
export function whereText({ where }: { readonly where: Readonly<Record<string, string>> }): string {
  return Object.entries(where)
    .map(([key, value]) => `${key}=${value}`)
    .join(', ');
}
