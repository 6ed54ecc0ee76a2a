import type { ErrorCode, Migration, Row, Statement } from '../../core/index.ts';

/** What the worker is told when it starts. */
export type WorkerStart = { readonly path: string; readonly migrations: readonly Migration[] };

export type WorkerRequest =
  | { readonly kind: 'write'; readonly id: number; readonly statements: readonly Statement[] }
  | { readonly kind: 'read'; readonly id: number; readonly statement: Statement }
  | { readonly kind: 'close'; readonly id: number };

export type WorkerAnswer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'done'; readonly id: number; readonly rows: readonly Row[] }
  | {
      readonly kind: 'failed';
      readonly id: number;
      readonly code: ErrorCode;
      readonly message: string;
      readonly where: string;
    };
