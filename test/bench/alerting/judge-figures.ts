import { benchJudge, type JudgeBenchSize } from '../../../alerting/index.ts';
import type { BenchContext } from '../bench.ts';
import { median } from '../figures.ts';

/** Judging alone, as the intake feels it: state machines included, events thrown away. */
const SIZE: JudgeBenchSize = { series: 40_000, rules: 10, ticks: 60, breaching: 0.01 };
const RUNS = 6;

export function judgeFigures({ figures, say }: BenchContext): void {
  const plain = Array.from({ length: RUNS }, () => benchJudge(SIZE));
  say(`plain rules: ${plain.map(({ tickMsMedian }) => tickMsMedian.toFixed(2)).join(', ')} ms a tick`);
  figures.emit('alerting.judge_tick_ms', median(plain.map(({ tickMsMedian }) => tickMsMedian)), 'ms');
  figures.emit('alerting.judge_tick_ms_worst', median(plain.map(({ tickMsWorst }) => tickMsWorst)), 'ms');
  figures.emit('alerting.judge_compile_ms', median(plain.map(({ compileMs }) => compileMs)), 'ms');
  figures.emit('alerting.judge_bytes_per_pair', median(plain.map(({ bytesPerPair }) => bytesPerPair)), 'bytes');
  figures.computed(plain[0]?.checksum);

  const rich = Array.from({ length: RUNS }, () => benchJudge({ ...SIZE, language: 'rich' }));
  say(`rich rules: ${rich.map(({ tickMsMedian }) => tickMsMedian.toFixed(2)).join(', ')} ms a tick`);
  figures.emit('alerting.judge_rich_tick_ms', median(rich.map(({ tickMsMedian }) => tickMsMedian)), 'ms');
  figures.computed(rich[0]?.checksum);
}
