import type { Range } from '../state/route/range.ts';
import type { Summary } from '../state/samples/bucket-ring.ts';
import type { Panel, PanelLine } from './panels.ts';
import { limitFits, type Scale, scaleFor } from './scale.ts';

/** What one chart draws at one moment: plain numbers, made anew for each drawing. */
export type ChartModel = {
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
  readonly unit: string;
  readonly scale: Scale;
  readonly lines: readonly ChartLine[];
  /** Start of the newest bucket that has a sample inside of the window, or null. */
  readonly newestMs: number | null;
};

export type ChartLine = {
  readonly line: PanelLine;
  /** Index of its colour; limits have their own. */
  readonly color: number;
  readonly summary: Summary;
  /** Time and value by turns. */
  readonly points: Float64Array;
  /** Peaks of the buckets, or null where buckets are single seconds or lines are many. */
  readonly peaks: Float64Array | null;
  /** False for a limit too far above the values. */
  readonly drawn: boolean;
};

/** Peaks double the number of lines: only charts with few of them show peaks. */
const PEAK_LINES_MAX = 4;

export function chartModel(panel: Panel, range: Range, toMs: number): ChartModel {
  const fromMs = toMs - range.seconds * 1000;
  const stepMs = range.stepSeconds * 1000;
  const values = panel.lines.filter((line) => !line.isLimit);
  const showPeaks = range.stepSeconds > 1 && values.length <= PEAK_LINES_MAX;
  const summaries = new Map(panel.lines.map((line) => [line, line.series.ring.summary(fromMs, toMs)]));
  const highest = maxOf(values.map((line) => summaries.get(line)?.max ?? Number.NaN));
  let color = 0;
  const lines = panel.lines.map((line): ChartLine => {
    const summary = summaries.get(line) ?? line.series.ring.summary(fromMs, toMs);
    const drawn = !line.isLimit || limitFits(summary.max, highest);
    return {
      line,
      color: line.isLimit ? -1 : color++,
      summary,
      points: line.series.ring.points(fromMs - stepMs, toMs),
      peaks: showPeaks && !line.isLimit ? line.series.ring.points(fromMs - stepMs, toMs, 'max') : null,
      drawn,
    };
  });
  const limits = lines.filter(({ line, drawn }) => line.isLimit && drawn).map(({ summary }) => summary.max);
  const scale = scaleFor(maxOf([highest, ...limits]), panel.unit);
  return { fromMs, toMs, stepMs, unit: panel.unit, scale, lines, newestMs: newestOf(panel, toMs) };
}

function newestOf(panel: Panel, toMs: number): number | null {
  const newest = maxOf(panel.lines.map((line) => line.series.ring.newestMs ?? Number.NaN));
  return Number.isNaN(newest) ? null : Math.min(newest, toMs);
}

/** The greatest of those that are numbers; NaN when none is. */
function maxOf(values: readonly number[]): number {
  return values.reduce((most, value) => (value > most || Number.isNaN(most) ? value : most), Number.NaN);
}
