/** Pictures of events as SVG and PNG: a few at a time, the last ones kept, so that a link that is opened often is cheap. */
import { createRequire } from 'node:module';
import { type AlertEvent, AppError, type Clock, second } from '../../../core/index.ts';
import type { LastPoints } from '../../ports.ts';
import { CHART_WIDTH, type ChartPoint, chartSvg } from './chart.ts';

/** What led to the event, and what followed. */
const BEFORE_SECONDS = 600;
const AFTER_SECONDS = 60;
/** About 20 KB each. */
const KEPT_MAX = 100;
/** A PNG takes 30 ms of a thread beside the loop; more than a few at once would starve the disk's. */
const DRAWING_MAX = 2;
/** On a telephone's screen, which has two dots a pixel. */
const SCALE = 2;

export type Picture = { readonly type: 'image/png' | 'image/svg+xml'; readonly bytes: Uint8Array };

export class Pictures {
  readonly #clock: Clock;
  readonly #lastPoints: LastPoints | undefined;
  readonly #kept = new Map<string, Picture>();
  #drawing = 0;

  constructor(clock: Clock, lastPoints: LastPoints | undefined) {
    this.#clock = clock;
    this.#lastPoints = lastPoints;
  }

  /** Rejects with `TOO_MANY_REQUESTS` while others are drawn. */
  async draw(event: AlertEvent, form: 'png' | 'svg'): Promise<Picture> {
    // A picture whose after-time is still to come is drawn anew each minute.
    const age = Math.min(AFTER_SECONDS, Math.floor((this.#clock.nowMs() - event.eventTimeMs) / 1000));
    const key = `${event.key} ${form} ${age >= AFTER_SECONDS ? 'whole' : Math.floor(age / 15)}`;
    const known = this.#kept.get(key);
    if (known !== undefined) return known;
    if (this.#drawing >= DRAWING_MAX)
      throw new AppError('TOO_MANY_REQUESTS', 'other pictures are being drawn; try again');
    this.#drawing++;
    try {
      const svg = await chartSvg(event, this.#pointsOf(event));
      const picture = form === 'svg' ? asSvg(svg) : await asPng(svg);
      this.#keep(key, picture);
      return picture;
    } finally {
      this.#drawing--;
    }
  }

  #keep(key: string, picture: Picture): void {
    this.#kept.set(key, picture);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT_MAX && oldest !== undefined) this.#kept.delete(oldest);
  }

  /** From memory, which has 24 h; of an older event what it was judged by. */
  #pointsOf({ endpoint, condition, tags, eventTimeMs, points = [] }: AlertEvent): readonly ChartPoint[] {
    const series = { endpoint, metric: condition.metric, tags };
    const before = second(Math.floor(eventTimeMs / 1000) + AFTER_SECONDS);
    const from = before - BEFORE_SECONDS - AFTER_SECONDS;
    const held = this.#lastPoints?.(series, BEFORE_SECONDS + AFTER_SECONDS, before) ?? [];
    const recent = held.filter((point) => point.second >= from);
    return recent.length > 0 ? recent : points.map(([at, value]) => ({ second: at, value }));
  }
}

const asSvg = (svg: string): Picture => ({ type: 'image/svg+xml', bytes: Buffer.from(svg) });

async function asPng(svg: string): Promise<Picture> {
  const { renderAsync } = await import('@resvg/resvg-js');
  const font = createRequire(import.meta.url).resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf');
  const image = await renderAsync(svg, {
    fitTo: { mode: 'width', value: CHART_WIDTH * SCALE },
    // The one font that is always there; a machine's own would make pictures differ.
    font: { fontFiles: [font], loadSystemFonts: false, defaultFontFamily: 'DejaVu Sans' },
  });
  return { type: 'image/png', bytes: image.asPng() };
}
