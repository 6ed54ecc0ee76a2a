import { LineChart } from 'echarts/charts';
import { GridComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';
import type { TimeChartOption } from './option.ts';

/** The one place where ECharts is entered. Loaded lazily: `import('./engine.ts')`. */
export type DrawnChart = {
  draw(option: TimeChartOption): void;
  resize(): void;
  dispose(): void;
};

/** `onDrawn` runs when the canvas shows the last option. */
export function drawnChart(element: HTMLElement, onDrawn: () => void): DrawnChart {
  use([LineChart, GridComponent, CanvasRenderer]);
  const chart = init(element, null, { renderer: 'canvas' });
  chart.on('finished', onDrawn);
  return {
    draw: (option) => chart.setOption(option, { replaceMerge: ['series'], silent: true, lazyUpdate: false }),
    resize: () => chart.resize(),
    dispose: () => chart.dispose(),
  };
}
