/** Draws what a source tells, once or until the person leaves. */
import { AppError, type Clock } from '../../core/index.ts';
import { topAnswer } from './answer.ts';
import { type Row, rowOf } from './readings/row.ts';
import type { Source } from './readings/source.ts';
import { paintFor, Screen, type TerminalStreams } from './screen.ts';
import { chosenRows, type Facts, type Page, paintPage, tableLines } from './view/page.ts';
import type { Paint } from './view/palette.ts';
import { press, type ViewState } from './view/view-state.ts';

/** Redrawn at most this often, however many collectors tell of the same second. */
const REDRAW_MS = 200;
/** Without news the age of the rows goes on. */
const IDLE_REDRAW_MS = 1000;

export type TopOptions = {
  readonly source: Source;
  readonly streams: TerminalStreams;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly state: ViewState;
  readonly colour: boolean;
};

/** The full-screen view. Resolves when the person leaves; rejects when the source ends in an error. */
export async function runTop({ source, streams, clock, signal, state, colour }: TopOptions): Promise<void> {
  const stop = new AbortController();
  const view = new View({ source, paint: paintFor(streams, colour), state });
  let cancelRedraw = (): void => {};
  let drawnAtMs = Number.NEGATIVE_INFINITY;
  const screen = new Screen(
    streams,
    (key) => {
      if (view.press(key)) stop.abort();
      else draw();
    },
    () => draw(),
  );
  const draw = (): void => {
    cancelRedraw();
    drawnAtMs = clock.monotonicMs();
    screen.draw(view.page(screen.size).lines);
    cancelRedraw = clock.after(IDLE_REDRAW_MS, draw);
  };
  const drawSoon = (): void => {
    view.refresh();
    const waitMs = Math.max(0, drawnAtMs + REDRAW_MS - clock.monotonicMs());
    cancelRedraw();
    cancelRedraw = clock.after(waitMs, draw);
  };
  screen.open();
  try {
    draw();
    await source.run(drawSoon, AbortSignal.any([signal, stop.signal]));
  } finally {
    cancelRedraw();
    screen.close();
  }
}

/** What is shown: held still while paused. */
class View {
  readonly #source: Source;
  readonly #paint: Paint;
  #state: ViewState;
  #facts: Facts;
  #page: Page = { lines: [], rowCount: 0, pageSize: 1, helpLineCount: 0 };

  constructor({ source, paint, state }: { source: Source; paint: Paint; state: ViewState }) {
    this.#source = source;
    this.#paint = paint;
    this.#state = state;
    this.#facts = factsOf(source);
  }

  /** True when the person wants to leave. */
  press(key: string): boolean {
    const next = press(this.#state, key, this.#page);
    if (next === 'quit') return true;
    this.#state = next;
    return false;
  }

  refresh(): void {
    if (!this.#state.isPaused) this.#facts = factsOf(this.#source);
  }

  page(size: { readonly columns: number; readonly rows: number }): Page {
    this.refresh();
    this.#page = paintPage(this.#facts, this.#state, size, this.#paint);
    return this.#page;
  }
}

export type OnceOptions = Pick<TopOptions, 'source' | 'clock' | 'signal' | 'state'> & {
  readonly json: boolean;
  readonly width: number;
};

/** Ticks that a picture needs at least: the second one has rates. */
const TICKS_MIN = 2;
/** A container that was just found needs two ticks of its own. */
const TICKS_MAX = 5;
const ONCE_MS_MAX = 15_000;

/** One picture as text or JSON. Throws `TIMEOUT` when nothing could be measured. */
export async function topOnce({ source, clock, signal, state, json, width }: OnceOptions): Promise<string> {
  const stop = new AbortController();
  const cancel = clock.after(ONCE_MS_MAX, () => stop.abort());
  let ticks = 0;
  const newest = new Map<number, number>();
  const onTick = (): void => {
    const second = Math.max(0, ...source.board.readings().map((reading) => reading.second ?? 0));
    newest.set(second, second);
    ticks = newest.size;
    const isWhole = source.board.readings().every((reading) => reading.value('cpu.busy') !== null);
    const isEmpty = source.board.readings().length === 0;
    if ((ticks > TICKS_MIN && isWhole && !isEmpty) || ticks > TICKS_MAX) stop.abort();
  };
  try {
    await source.run(onTick, AbortSignal.any([signal, stop.signal]));
  } finally {
    cancel();
  }
  if (ticks < TICKS_MIN) {
    throw new AppError('TIMEOUT', source.note ?? `nothing was measured within ${ONCE_MS_MAX / 1000} s`, {
      where: source.title,
    });
  }
  const { rows } = factsOf(source);
  const chosen = chosenRows(rows, state);
  if (json) return JSON.stringify(topAnswer(source, chosen), null, 2);
  return tableLines(chosen, rows, state, { width, paint: (text) => text })
    .map((line) => line.trimEnd())
    .join('\n');
}

function factsOf(source: Source): Facts {
  const nowMs = source.nowMs();
  const readings = source.board.readings();
  const time = new Date(nowMs).toTimeString().slice(0, 8);
  return {
    title: `saker top  ${source.title}${source.isInside ? '  (inside a container; [ ] is its machine)' : ''}`,
    time,
    note: source.note,
    rows: readings.map((reading) => seenFrom(source, rowOf(reading, nowMs))),
    readings,
  };
}

/** Inside a container the interfaces are the container's own: nothing is known of the host's. */
function seenFrom({ isInside }: Source, row: Row): Row {
  if (!isInside || row.kind === 'container') return row;
  return { ...row, network: { inBytesPerSecond: null, outBytesPerSecond: null } };
}
