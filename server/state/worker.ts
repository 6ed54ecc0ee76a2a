/** The thread in which SQLite runs, so that a slow fsync stalls nobody else. */
import { parentPort, workerData } from 'node:worker_threads';
import { AppError, assert, assertNever, type Row } from '../../core/index.ts';
import { StateEngine } from './engine.ts';
import type { WorkerAnswer, WorkerRequest, WorkerStart } from './messages.ts';

const start = workerData as WorkerStart;
const port = parentPort;
assert(port, 'to run in a worker thread');

const engine = new StateEngine(start.path);
engine.migrate(start.migrations);

const answer = (message: WorkerAnswer): void => port.postMessage(message);

function perform(request: WorkerRequest): readonly Row[] {
  switch (request.kind) {
    case 'write':
      engine.write(request.statements);
      return [];
    case 'read':
      return engine.read(request.statement);
    case 'close':
      engine.close();
      return [];
    default:
      return assertNever(request);
  }
}

port.on('message', (request: WorkerRequest) => {
  try {
    answer({ kind: 'done', id: request.id, rows: perform(request) });
  } catch (error) {
    const { code, message, where } = error instanceof AppError ? error : new AppError('STATE_STORE', String(error));
    answer({ kind: 'failed', id: request.id, code, message, where: where ?? '' });
  }
  if (request.kind === 'close') port.close();
});

answer({ kind: 'ready' });
