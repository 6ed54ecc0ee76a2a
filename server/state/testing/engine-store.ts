import type { Migration, Row, Statement, StateStore } from '../../../core/index.ts';
import { StateEngine } from '../engine.ts';

/** The real engine without its thread: tests of what is stored need no worker. */
export class EngineStore implements StateStore {
  readonly #engine: StateEngine;

  constructor(migrations: readonly Migration[], path = ':memory:') {
    this.#engine = new StateEngine(path);
    this.#engine.migrate(migrations);
  }

  async write(statements: readonly Statement[]): Promise<void> {
    this.#engine.write(statements);
  }

  async read(statement: Statement): Promise<readonly Row[]> {
    return this.#engine.read(statement);
  }
}
