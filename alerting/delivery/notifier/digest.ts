/** Writes one message for many events: how many of what, the worst first, and where all of them are listed. */
import type { AlertEvent } from '../../../core/index.ts';
import type { DigestGroup } from '../../store/digests.ts';
import type { MessageBody } from '../../store/messages.ts';

/** More lines than this nobody reads on a phone; the rest is told by number and listed behind the link. */
const LINES_MAX = 15;

export function digestBody(key: string, groups: readonly DigestGroup[], events: readonly AlertEvent[]): MessageBody {
  const count = sum(groups.map((group) => group.count));
  const problems = sum(groups.filter(({ status }) => status === 'PROBLEM').map((group) => group.count));
  const priority = Math.min(6, ...groups.map((group) => group.priority));
  const status = problems > 0 ? 'PROBLEM' : 'OK';
  return {
    kind: 'digest',
    status,
    priority,
    title: `[P${priority}][${status}] ${count} events: ${problems} problems, ${count - problems} recovered`,
    lines: linesOf(groups),
    path: `/alerts?message=${encodeURIComponent(key)}`,
    events: [...events],
    count,
  };
}

export function linesOf(groups: readonly DigestGroup[]): string[] {
  const lines = groups.slice(0, LINES_MAX).map(({ priority, status, rule, count, endpoint, endpoints }) => {
    const where = endpoints === 1 ? endpoint : `${endpoint} and ${endpoints - 1} more`;
    return `[P${priority}][${status}] ${count} × ${rule}: ${where}`;
  });
  const rest = groups.slice(LINES_MAX);
  if (rest.length > 0) lines.push(`… and ${sum(rest.map((group) => group.count))} events of ${rest.length} more rules`);
  return lines;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
