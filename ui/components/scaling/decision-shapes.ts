import type { Decision } from '../../../core/api/index.ts';

/** The direction of a decision, for the eye; its word stands beside it. */
export const decisionShapes: Readonly<Record<Decision['kind'], string>> = { add: '▲', remove: '▼', hold: '=' };
