import type { GridComponentOption, LineSeriesOption } from 'echarts';
import type { ComposeOption } from 'echarts/core';
import type { ChartLine, ChartModel } from './model.ts';
import { chartColors, seriesColor, type Theme } from './palette.ts';

export type TimeChartOption = ComposeOption<LineSeriesOption | GridComponentOption>;

export type ChartLook = {
  readonly theme: Theme;
  readonly font: string;
  readonly formatValue: (value: number) => string;
  readonly formatTime: (atMs: number) => string;
};

/** Where the lines are, inside of the canvas, in px: crosshair and marks are laid over them by the same figures. */
export const plot = { left: 64, right: 12, top: 10, bottom: 22 } as const;

const EDGE_SHARE = 0.05;

/** The engine's option for a model. Nothing in it is markup, and no name from outside gets into it. */
export function chartOption(model: ChartModel, look: ChartLook): TimeChartOption {
  const colors = chartColors[look.theme];
  const label = { color: colors.axis, fontSize: 11, fontFamily: look.font };
  return {
    animation: false,
    grid: { ...plot, outerBoundsMode: 'none' },
    xAxis: {
      type: 'time',
      min: model.fromMs,
      max: model.toMs,
      splitNumber: 4,
      axisLabel: {
        ...label,
        formatter: (value: number) => (isNearEdge(value, model) ? '' : look.formatTime(value)),
        hideOverlap: true,
      },
      axisLine: { lineStyle: { color: colors.grid }, onZero: false },
      axisTick: { lineStyle: { color: colors.grid } },
      splitLine: { show: false },
    },
    yAxis: {
      type: 'value',
      min: 0,
      max: model.scale.max,
      interval: model.scale.interval,
      axisLabel: { ...label, formatter: (value: number) => look.formatValue(value) },
      splitLine: { lineStyle: { color: colors.grid } },
    },
    series: model.lines.flatMap((line) => (line.drawn ? seriesOf(line, look.theme) : [])),
  };
}

/** A label half outside of the canvas is worse than none. */
function isNearEdge(atMs: number, { fromMs, toMs }: ChartModel): boolean {
  return toMs - atMs < (toMs - fromMs) * EDGE_SHARE;
}

function seriesOf(line: ChartLine, theme: Theme): LineSeriesOption[] {
  const base = { type: 'line', silent: true, connectNulls: false, animation: false } as const;
  const key = line.line.series.key;
  if (line.line.isLimit) {
    const lineStyle = { width: 1.25, type: 'dashed', color: chartColors[theme].limit } as const;
    return [withPoints({ ...base, id: key, showSymbol: false, step: 'end', lineStyle }, line.points)];
  }
  const color = seriesColor(line.color, theme);
  const lone = lonePoints(line.points);
  const dots: LineSeriesOption = {
    ...base,
    id: `${key} lone`,
    symbol: 'circle',
    symbolSize: 3,
    showAllSymbol: true,
    itemStyle: { color },
    lineStyle: { width: 0 },
    data: lone,
  };
  const main = withPoints(
    { ...base, id: key, showSymbol: false, lineStyle: { width: 1.5, color, join: 'round' } },
    line.points,
  );
  const faint = { width: 1, color, opacity: 0.4 };
  const peaks =
    line.peaks === null
      ? []
      : [withPoints({ ...base, id: `${key} peak`, showSymbol: false, lineStyle: faint }, line.peaks)];
  return [...peaks, main, ...(lone.length > 0 ? [dots] : [])];
}

/** The engine reads flat typed arrays as they are, without a copy; only its types do not say so. */
function withPoints(series: LineSeriesOption, points: Float64Array): LineSeriesOption {
  return Object.assign(series, { data: points });
}

/** A sample between two gaps has no line to be seen by: it is drawn as a dot. */
export function lonePoints(points: Float64Array): [number, number][] {
  const lone: [number, number][] = [];
  for (let index = 1; index < points.length; index += 2) {
    const value = points[index] ?? Number.NaN;
    if (Number.isNaN(value)) continue;
    const [before, after] = [points[index - 2] ?? Number.NaN, points[index + 2] ?? Number.NaN];
    if (Number.isNaN(before) && Number.isNaN(after)) lone.push([points[index - 1] ?? 0, value]);
  }
  return lone;
}
