/** The rules that hold: those of the file, which is watched, and those that were made through the API. */
import type { Clock, Logger, StateStore } from '../../../core/index.ts';
import { noRules, type RuleSet } from '../rule.ts';
import { RulesFile, type RulesFileStatus } from './rules-file.ts';
import { StoredRules } from './stored-rules.ts';

export type RulesInForceOptions = {
  readonly store: StateStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Null for a server without a file. */
  readonly path: string | null;
  /**
   * These hold from now on. `isWhole` is false while the file could not be read yet: then what is not
   * among them is not gone.
   */
  readonly onRules: (rules: RuleSet, isWhole: boolean) => void;
  readonly onStatus: () => void;
};

export class RulesInForce {
  readonly stored: StoredRules;
  readonly file: RulesFile | null;
  current: RuleSet = noRules;

  private constructor(stored: StoredRules, file: RulesFile | null) {
    this.stored = stored;
    this.file = file;
  }

  /** Resolves when the rules hold. Rejects with `STATE_STORE`. */
  static async open(options: RulesInForceOptions): Promise<RulesInForce> {
    const { store, clock, logger, path, onRules, onStatus } = options;
    let inForce: RulesInForce | null = null;
    let ofFile: RuleSet | null = null;
    const apply = (): void => {
      if (inForce === null) return;
      inForce.current = inForce.stored.merged();
      onRules(inForce.current, ofFile !== null || path === null);
      onStatus();
    };
    const stored = await StoredRules.open({ store, clock, file: () => ofFile ?? noRules, onChange: apply });
    const onFile = (rules: RuleSet): void => {
      ofFile = rules;
      apply();
    };
    const file = path === null ? null : new RulesFile({ path, clock, logger, onRules: onFile, onStatus });
    inForce = new RulesInForce(stored, file);
    await file?.start();
    if (ofFile === null && (path === null || stored.size > 0)) apply();
    return inForce;
  }

  /** What the API tells of the file, with the faults of both. */
  get status(): RulesFileStatus {
    const { loadedAtMs = null, error = null } = this.file?.status ?? {};
    const faults = [error, this.stored.error].filter((one) => one !== null);
    return { loadedAtMs, error: faults.length === 0 ? null : faults.join('\n'), rules: this.current };
  }

  async close(): Promise<void> {
    await this.file?.close();
  }
}
