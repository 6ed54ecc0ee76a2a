import type { Bench } from '../bench.ts';
import { judgeFigures } from './judge-figures.ts';

export const alertingBench: Bench = {
  name: 'alerting',
  summary: 'judging 40,000 series × 10 rules a tick',
  run: async (context) => judgeFigures(context),
};
