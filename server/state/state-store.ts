import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { AppError, type Migration, type Row, type Statement, type StateStore } from '../../core/index.ts';
import type { WorkerAnswer, WorkerRequest, WorkerStart } from './messages.ts';

/** Requests under way. The store answers in well under a millisecond; more means that it hangs. */
const REQUESTS_MAX = 10_000;

type Waiting = { readonly resolve: (rows: readonly Row[]) => void; readonly reject: (error: AppError) => void };
type Unnumbered =
  | { readonly kind: 'write'; readonly statements: readonly Statement[] }
  | { readonly kind: 'read'; readonly statement: Statement }
  | { readonly kind: 'close' };

export type ClosableStateStore = StateStore & { close(): Promise<void> };

/** Opens (and migrates) the state database at `path`. Rejects with `STATE_STORE` when it can not. */
export async function openStateStore(path: string, migrations: readonly Migration[]): Promise<ClosableStateStore> {
  const workerData: WorkerStart = { path, migrations };
  const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData, name: 'state-store' });
  try {
    await once(worker, 'message');
  } catch (cause) {
    throw new AppError('STATE_STORE', 'the state database could not be opened', { where: path, cause });
  }
  return new WorkerStore(worker);
}

class WorkerStore implements ClosableStateStore {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (answer: WorkerAnswer) => this.#settle(answer));
    worker.on('error', (cause) =>
      this.#failAll(new AppError('STATE_STORE', 'the state store’s thread failed', { cause })),
    );
    worker.on('exit', () => this.#failAll(new AppError('STATE_STORE', 'the state store is closed')));
  }

  async write(statements: readonly Statement[]): Promise<void> {
    await this.#ask({ kind: 'write', statements });
  }

  read(statement: Statement): Promise<readonly Row[]> {
    return this.#ask({ kind: 'read', statement });
  }

  async close(): Promise<void> {
    await this.#ask({ kind: 'close' });
    await this.#worker.terminate();
  }

  #ask(request: Unnumbered): Promise<readonly Row[]> {
    if (this.#waiting.size >= REQUESTS_MAX) {
      return Promise.reject(new AppError('STATE_STORE', `${REQUESTS_MAX} requests wait for the state store`));
    }
    const id = this.#nextId++;
    const message: WorkerRequest = { ...request, id };
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage(message);
    });
  }

  #settle(answer: WorkerAnswer): void {
    if (answer.kind === 'ready') return;
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (answer.kind === 'done') waiting?.resolve(answer.rows);
    else waiting?.reject(new AppError(answer.code, answer.message, { where: answer.where }));
  }

  #failAll(error: AppError): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
