import type { Figures } from './figures.ts';

export type BenchContext = {
  readonly figures: Figures;
  readonly args: readonly string[];
  readonly say: (text: string) => void;
  readonly environment: NodeJS.ProcessEnv;
};

export type Bench = {
  readonly name: string;
  readonly summary: string;
  readonly run: (context: BenchContext) => Promise<void>;
};
