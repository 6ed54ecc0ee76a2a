import { createHash } from 'node:crypto';
import type { Tags } from '../../core/index.ts';
import type { Channel } from '../channels/index.ts';

/** Most points that one condition looks back on: ten minutes of seconds. */
export const WINDOW_POINTS_MAX = 600;

export const functionNames = ['all', 'max', 'min', 'avg', 'sum', 'diff', 'pdiff', 'lookup', 'stddev'] as const;
export type FunctionName = (typeof functionNames)[number];

export const operators = ['==', '=', '!=', '<=', '>=', '<', '>'] as const;
export type Operator = (typeof operators)[number];

/** `func operator rightValue`: `all(#3) > 80`. */
export type Condition = {
  readonly func: FunctionName;
  /** How many points the function looks at, the newest one first. */
  readonly limit: number;
  /** `lookup` only: so many of the `limit` points must satisfy the operator. 0 elsewhere. */
  readonly atLeast: number;
  readonly operator: Operator;
  readonly rightValue: number;
};

/** Which series of the metric a rule watches. What is left out matches all; `*` stands for any run of characters. */
export type Where = {
  readonly kind?: 'host' | 'container';
  readonly endpoint?: string;
  readonly host?: string;
  readonly image?: string;
  readonly service?: string;
  readonly tags: Tags;
  readonly labels: Tags;
};

export type Rule = {
  readonly name: string;
  /** The name in the form that event ids carry; two rules never share one. */
  readonly slug: string;
  readonly metric: string;
  readonly where: Where;
  readonly condition: Condition;
  /** 0 is the most urgent, 6 the least. */
  readonly priority: number;
  /** Most PROBLEM events of one incident; 0 mutes the rule. */
  readonly maxStep: number;
  readonly minIntervalSeconds: number;
  readonly note: string;
  /** Names of channels. */
  readonly notify: readonly string[];
};

/** What one rules file says. */
export type RuleSet = { readonly rules: readonly Rule[]; readonly channels: readonly Channel[] };

export const noRules: RuleSet = { rules: [], channels: [] };

/** `all(#3)`, `lookup(#2,3)`: as Open-Falcon writes it, and as it was written in the file but for spaces. */
export function formatFunction(condition: Condition): string {
  const args = condition.func === 'lookup' ? `#${condition.atLeast},${condition.limit}` : `#${condition.limit}`;
  return `${condition.func}(${args})`;
}

export function formatCondition(condition: Condition): string {
  return `${formatFunction(condition)} ${condition.operator} ${condition.rightValue}`;
}

/**
 * A name in the ASCII form that ids and HTTP headers can carry: letters and digits in lower case,
 * anything else a dash. What ASCII can not tell apart, a piece of the name's MD5 does.
 */
export function slugOf(name: string): string {
  const folded = name.normalize('NFKC').toLowerCase();
  const ascii = folded.replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '');
  const words = folded.match(/[\p{L}\p{N}]+/gu) ?? [];
  if (words.every((word) => /^[a-z0-9]+$/.test(word))) return ascii;
  const rest = createHash('md5').update(words.join('-')).digest('hex').slice(0, 8);
  return ascii === '' ? rest : `${ascii}-${rest}`;
}
