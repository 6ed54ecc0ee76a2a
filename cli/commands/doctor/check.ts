/** A check looks at one thing and says what it found, why that matters, and what to do. */

/**
 * `ok`: as it should be. `note`: works, and could tell more. `warning`: will hurt some day. `problem`: does not work now.
 * `skipped`: could not be looked at, or is not there.
 */
export type Status = 'ok' | 'note' | 'warning' | 'problem' | 'skipped';

export type Finding = {
  /** Stable, for scripts: `host.cgroups`. */
  readonly id: string;
  readonly title: string;
  readonly status: Status;
  /** What is so, with figures. */
  readonly result: string;
  /** What it means for whoever is on call. */
  readonly why: string;
  /** A command, or what to write where; null where nothing is to be done. */
  readonly fix: string | null;
};

export type Verdict = Pick<Finding, 'status' | 'result'> & { readonly fix?: string };

export type Check = {
  readonly id: string;
  readonly title: string;
  readonly why: string;
  /** May reject: that becomes a finding as well. */
  readonly look: () => Promise<Verdict>;
};

export const ok = (result: string): Verdict => ({ status: 'ok', result });
export const skipped = (result: string): Verdict => ({ status: 'skipped', result });
export const note = (result: string, fix?: string): Verdict => withFix({ status: 'note', result }, fix);
export const warning = (result: string, fix?: string): Verdict => withFix({ status: 'warning', result }, fix);
export const problem = (result: string, fix?: string): Verdict => withFix({ status: 'problem', result }, fix);

const withFix = (verdict: Verdict, fix: string | undefined): Verdict =>
  fix === undefined ? verdict : { ...verdict, fix };

/** The checks one after the other, so that none disturbs what another measures. Never rejects. */
export async function lookAt(checks: readonly Check[]): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const { id, title, why, look } of checks) {
    const verdict = await look().catch((error: unknown): Verdict => {
      return skipped(`could not be looked at: ${error instanceof Error ? error.message : String(error)}`);
    });
    findings.push({ id, title, why, status: verdict.status, result: verdict.result, fix: verdict.fix ?? null });
  }
  return findings;
}

/** A part of a whole that can run out: a warning above 80 %, a problem above 95 %. */
export function judgeShare(used: number, whole: number, words: { what: string; fix: string }): Verdict {
  const percent = whole > 0 ? (used * 100) / whole : 0;
  const result = `${Math.round(used)} of ${Math.round(whole)} ${words.what} (${percent.toFixed(0)} %)`;
  if (percent > 95) return problem(result, words.fix);
  return percent > 80 ? warning(result, words.fix) : ok(result);
}
