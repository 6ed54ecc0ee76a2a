/**
 * The service tree: an endpoint's place is told by its labels, `cop=shop,owt=pay,service=web`, and a
 * node is some of these pairs. What hangs on a node holds for every endpoint that has all of its pairs.
 */
import type { Endpoint } from '../../core/index.ts';
import { serviceOf } from './service.ts';

/** In the order of the tree, the widest first. */
export const treeKeys = ['cop', 'owt', 'pdl', 'cluster', 'service', 'job'] as const;
export type TreeKey = (typeof treeKeys)[number];

export type Node = readonly { readonly key: TreeKey; readonly value: string }[];

/** `cop=shop,service=web`, keys in the order of the tree. */
export function formatNode(node: Node): string {
  return node.map(({ key, value }) => `${key}=${value}`).join(',');
}

/** The node of a text such as `owt=pay/service=web`, or what is wrong with it. */
export function readNode(text: string): { readonly node: Node } | { readonly fault: string } {
  const pairs = new Map<TreeKey, string>();
  for (const part of text.split(/[,/]/)) {
    const [, written = '', value = ''] = /^\s*([A-Za-z_]+)\s*=\s*([^\s=]{1,255})\s*$/.exec(part) ?? [];
    const key = treeKeys.find((known) => known === written);
    if (written === '') return { fault: `"${part.trim()}" is not KEY=VALUE; write "cop=shop,service=web"` };
    if (key === undefined) return { fault: `the tree has no key "${written}"; its keys are ${treeKeys.join(', ')}` };
    if (pairs.has(key)) return { fault: `"${key}" is given twice; an endpoint has one of it` };
    pairs.set(key, value);
  }
  return { node: treeKeys.flatMap((key) => (pairs.has(key) ? [{ key, value: pairs.get(key) ?? '' }] : [])) };
}

export function isBelow(endpoint: Endpoint, node: Node): boolean {
  return node.every(({ key, value }) => placeOf(endpoint, key) === value);
}

/** A label of the tree's key, with `saker.` before it or without; a service is also what orchestrators call so. */
function placeOf({ labels, ...rest }: Endpoint, key: TreeKey): string | undefined {
  const own = labels[`saker.${key}`] ?? labels[key];
  return own ?? (key === 'service' ? serviceOf({ labels, ...rest }) : undefined);
}
