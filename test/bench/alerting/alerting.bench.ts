import type { Bench } from '../bench.ts';
import { judgeFigures } from './judge-figures.ts';
import { killFigures } from './kill-figures.ts';
import { latencyFigures } from './latency-figures.ts';
import { stormFigures } from './storm-figures.ts';

export const alertingBench: Bench = {
  name: 'alerting',
  summary: 'judging 40,000 series × 10 rules a tick; from sample to webhook; a storm; kill -9',
  run: async (context) => {
    judgeFigures(context);
    await latencyFigures(context);
    await stormFigures(context);
    await killFigures(context);
  },
};
