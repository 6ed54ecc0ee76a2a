/**
 * Three hours of frames of two collectors, always the same: several endpoints, seconds that come late, and a later run of
 * a collector that tells seconds of the earlier one anew. What has to be known afterwards follows from the frames.
 */
import { absentColumn, Dictionary, type Frame, type Second, type TimestampMs } from '../../../core/index.ts';

export const FIRST_SECOND = 1_700_000_040;
export const LAST_SECOND = FIRST_SECOND + 3 * 3600;

/** A frame every so many seconds: windows are sealed and hours merged as if there were one each second. */
const STRIDE = 20;
const SERIES_PER_ENDPOINT = 3;
const LATE_SECONDS = 1500;
const RETOLD_SECONDS = 2400;

export type StreamFrame = { readonly frame: Frame; readonly dictionary: Dictionary };

const hosts = [
  { name: 'alpha', dictionary: dictionaryOf('alpha', ['alpha', 'alpha/web', 'alpha/db']) },
  { name: 'beta', dictionary: dictionaryOf('beta', ['beta']) },
] as const;

function dictionaryOf(host: string, names: readonly string[]): Dictionary {
  const dictionary = new Dictionary(1);
  dictionary.apply({
    generation: 1,
    endpoints: names.map((name, index) => ({
      index,
      endpoint: { name, kind: index === 0 ? 'host' : 'container', host, state: 'running', labels: {} },
    })),
    firstSeries: 0,
    series: names.flatMap((_, endpoint) =>
      Array.from({ length: SERIES_PER_ENDPOINT }, (_none, at) => ({
        endpoint,
        metric: `m${at}`,
        tags: {},
        decimals: 2 as const,
      })),
    ),
  });
  return dictionary;
}

/** The frame of a run of a collector for a second; its number follows from the second. */
function frameOf(host: (typeof hosts)[number], run: number, second: number): StreamFrame {
  const { name, dictionary } = host;
  const values = absentColumn(dictionary.series.length);
  for (let column = 0; column < values.length; column++) {
    const isAbsent = (second + column) % 11 === 0;
    if (!isAbsent) values[column] = ((second * 7 + column * 131 + run * 1009) % 9973) / 100;
  }
  const frame: Frame = {
    collector: name,
    bootEpoch: run * 1000,
    seq: second - FIRST_SECOND + 1,
    second: second as Second,
    sentAtMs: (second * 1000 + 20) as TimestampMs,
    generation: 1,
    values,
  };
  return { frame, dictionary };
}

/** All frames in the order in which they are sent; each (collector, run, second) once. */
export function streamOfFrames(): StreamFrame[] {
  const frames: StreamFrame[] = [];
  const half = (FIRST_SECOND + LAST_SECOND) / 2;
  for (let second = FIRST_SECOND, step = 0; second < LAST_SECOND; second += STRIDE, step++) {
    const run = second < half ? 1 : 2;
    for (const host of hosts) {
      // Every eighth second is told late only.
      if (step % 8 !== 3) frames.push(frameOf(host, run, second));
      const late = second - LATE_SECONDS;
      if (((late - FIRST_SECOND) / STRIDE) % 8 === 3) frames.push(frameOf(host, late < half ? 1 : 2, late));
      const retold = second - RETOLD_SECONDS;
      if (run === 2 && retold < half && step % 6 === 0) frames.push(frameOf(host, 2, retold));
    }
  }
  return frames;
}

/** Where a frame's samples belong: endpoint and metric of each of its columns. */
export const seriesOf = ({ dictionary }: StreamFrame): string[] =>
  dictionary.series.map((_, column) => {
    const { endpoint, metric } = dictionary.identityOf(column);
    return `${endpoint} ${metric}`;
  });
