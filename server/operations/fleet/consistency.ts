/**
 * Whether the hosts of a node are alike: each item of their inventories is compared with what a
 * baseline says, or else with what most of them have. Pure.
 */
import { type ConsistencyAnswer, type Difference, type InventoryItems, matchesWildcard } from '../../../core/index.ts';

/** Differences of one answer. The counts are of all. */
const DIFFERENCES_MAX = 500;

export type ComparedHost = { readonly host: string; readonly items: InventoryItems };
/** What is expected of an item on each host that a baseline is for; the first baseline that names it holds. */
export type Expectation = { readonly baseline: string; readonly value: string | null };
export type ExpectationOf = (host: string, item: string) => Expectation | undefined;

export type Comparison = {
  readonly hosts: readonly ComparedHost[];
  /** Items that baselines name, whether a host has them or not. */
  readonly baselineItems: readonly string[];
  readonly expectationOf: ExpectationOf;
  /** Pattern of the items that are compared. */
  readonly pattern: string | null;
};

export function compareHosts(comparison: Comparison, silent: readonly string[]): ConsistencyAnswer {
  const { hosts, baselineItems, pattern } = comparison;
  const names = new Set([...baselineItems, ...hosts.flatMap(({ items }) => Object.keys(items))]);
  const wanted = [...names].filter((name) => pattern === null || matchesWildcard(pattern, name)).sort();
  const differences = hosts.length === 0 ? [] : wanted.flatMap((item) => differencesOf(item, comparison));
  const inconsistent = new Set(differences.map(({ item }) => item)).size;
  return {
    hosts: hosts.map(({ host }) => host),
    silent: [...silent],
    items: wanted.length,
    inconsistent,
    summary: `${wanted.length} ${wanted.length === 1 ? 'item' : 'items'}, ${inconsistent} inconsistent`,
    differences: differences.slice(0, DIFFERENCES_MAX),
  };
}

type Valued = { readonly host: string; readonly value: string | null };

/** One entry for each baseline that hosts deviate from, and one for those that no baseline speaks of. */
function differencesOf(item: string, { hosts, expectationOf }: Comparison): Difference[] {
  const byBaseline = new Map<string, { readonly expectation: Expectation; readonly hosts: Valued[] }>();
  const others: Valued[] = [];
  for (const { host, items } of hosts) {
    const valued = { host, value: items[item] ?? null };
    const expectation = expectationOf(host, item);
    if (expectation === undefined) {
      others.push(valued);
      continue;
    }
    const group = byBaseline.get(expectation.baseline) ?? { expectation, hosts: [] };
    byBaseline.set(expectation.baseline, group);
    group.hosts.push(valued);
  }
  const fromBaselines = [...byBaseline.values()].flatMap(({ expectation, hosts: compared }) => {
    const { value, baseline } = expectation;
    return differenceFrom({ item, expected: value, from: 'baseline', baseline }, compared);
  });
  return [...fromBaselines, ...fromMajority(item, others)];
}

function fromMajority(item: string, hosts: readonly Valued[]): Difference[] {
  const counts = new Map<string | null, number>();
  for (const { value } of hosts) counts.set(value, (counts.get(value) ?? 0) + 1);
  if (counts.size <= 1) return [];
  const [best, count] = [...counts].reduce((a, b) => (b[1] > a[1] ? b : a));
  if (count * 2 > hosts.length)
    return differenceFrom({ item, expected: best, from: 'majority', baseline: null }, hosts);
  return [{ item, expected: null, from: 'none', baseline: null, agreeing: 0, hosts: [...hosts] }];
}

function differenceFrom(
  expected: Pick<Difference, 'item' | 'expected' | 'from' | 'baseline'>,
  hosts: readonly Valued[],
): Difference[] {
  const deviating = hosts.filter(({ value }) => value !== expected.expected);
  return deviating.length === 0 ? [] : [{ ...expected, agreeing: hosts.length - deviating.length, hosts: deviating }];
}
