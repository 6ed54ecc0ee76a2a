/**
 * A small picture of what an event was judged by, drawn on the server by ECharts without a browser. Seconds without
 * a sample are gaps. Nothing in it moves, so that the same event gives the same picture.
 */
import { type AlertEvent, findMetric, formatTags, formatValue, type Second } from '../../../core/index.ts';

export type ChartPoint = { readonly second: Second | number; readonly value: number };

export const CHART_WIDTH = 600;
export const CHART_HEIGHT = 240;

const TITLE_CHARACTERS_MAX = 80;
/** Functions whose threshold is in the unit of the samples; a standard deviation has no place on the axis. */
const comparable = new Set(['all', 'max', 'min', 'avg', 'lookup']);

/** An SVG document. The library is loaded with the first picture: most servers' days pass without one. */
export async function chartSvg(event: AlertEvent, points: readonly ChartPoint[]): Promise<string> {
  const [{ init, use }, { LineChart }, components, { SVGRenderer }] = await Promise.all([
    import('echarts/core'),
    import('echarts/charts'),
    import('echarts/components'),
    import('echarts/renderers'),
  ]);
  const { GridComponent, MarkLineComponent, TitleComponent } = components;
  use([LineChart, GridComponent, MarkLineComponent, TitleComponent, SVGRenderer]);
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: CHART_WIDTH, height: CHART_HEIGHT });
  try {
    chart.setOption(chartOption(event, points));
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}

/** The option of the chart, pure. */
export function chartOption(event: AlertEvent, points: readonly ChartPoint[]) {
  const { condition, status } = event;
  const colour = status === 'OK' ? '#00855f' : '#b3261e';
  const isComparable = comparable.has(condition.func.replace(/\(.*/, ''));
  const unit = findMetric(condition.metric)?.unit;
  const quantity = (value: number): string => formatValue(value, unit);
  const limit = isComparable
    ? [{ yAxis: condition.rightValue, lineStyle: { color: '#54616b', type: 'dashed' as const } }]
    : [];
  return {
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily: 'DejaVu Sans' },
    title: {
      text: titleOf(event),
      left: 8,
      top: 4,
      textStyle: { fontSize: 12, fontWeight: 'normal' as const, color: '#1c2328' },
    },
    grid: { left: 8, right: 24, top: 32, bottom: 8, outerBoundsMode: 'same' as const },
    xAxis: {
      type: 'time' as const,
      axisLabel: { color: '#54616b', fontSize: 10, hideOverlap: true, formatter: clockUtc },
    },
    yAxis: {
      type: 'value' as const,
      scale: true,
      axisLabel: { color: '#54616b', fontSize: 10, showMinLabel: false, showMaxLabel: false, formatter: quantity },
      splitLine: { lineStyle: { color: '#e8ebeb' } },
      ...rangeWith(points, isComparable ? condition.rightValue : null),
    },
    series: [
      {
        type: 'line' as const,
        showSymbol: points.length < 3,
        lineStyle: { color: '#0072b2', width: 1.5 },
        itemStyle: { color: '#0072b2' },
        data: withGaps(points),
        markLine: {
          silent: true,
          symbol: 'none',
          label: { show: false },
          data: [...limit, { xAxis: event.eventTimeMs, lineStyle: { color: colour, type: 'solid' as const } }],
        },
      },
    ],
  };
}

/** The threshold is in view, also when the samples are far from it. */
function rangeWith(points: readonly ChartPoint[], limit: number | null): { min?: number; max?: number } {
  const values = points.map(({ value }) => value).filter(Number.isFinite);
  if (limit === null || values.length === 0) return {};
  const [low, high] = [Math.min(limit, ...values), Math.max(limit, ...values)];
  const margin = (high - low) * 0.05 || Math.abs(high) * 0.05 || 1;
  return { min: low >= 0 ? Math.max(0, low - margin) : low - margin, max: high + margin };
}

function titleOf({ endpoint, condition, tags }: AlertEvent): string {
  const written = formatTags(tags);
  const title = `${condition.metric}${written === '' ? '' : `{${written}}`} on ${endpoint}`;
  return title.length <= TITLE_CHARACTERS_MAX ? title : `${title.slice(0, TITLE_CHARACTERS_MAX - 1)}…`;
}

const clockUtc = (atMs: number): string => `${new Date(atMs).toISOString().slice(11, 16)}Z`;

/** A null between points that are not neighbours ends the line there. Neighbours are as far apart as most. */
function withGaps(points: readonly ChartPoint[]): readonly (readonly [number, number | null])[] {
  const steps = points.slice(1).map(({ second }, index) => second - (points[index]?.second ?? second));
  const usual = [...steps].sort((a, b) => a - b)[steps.length >> 1] ?? 1;
  return points.flatMap(({ second, value }, index) => {
    const point = [second * 1000, Number.isFinite(value) ? value : null] as const;
    const isAfterGap = index > 0 && (steps[index - 1] ?? 0) > usual * 2;
    return isAfterGap ? [[second * 1000 - 1, null] as const, point] : [point];
  });
}
