import { absentColumn, Dictionary, type Frame, isAbsent, type Second, type TimestampMs } from '../../core/index.ts';

export const START_SECOND = 1_700_000_040;

export type FrameParts = {
  readonly seq: number;
  readonly samples: readonly (number | undefined)[];
  readonly second?: number;
  readonly bootEpoch?: number;
  readonly collector?: string;
};

/** A frame as tests write it down: undefined samples are absent, the second follows from the seq. */
export function frameOf(parts: FrameParts): Frame {
  const { seq, samples, collector = 'h1', bootEpoch = 1000 } = parts;
  const second = (parts.second ?? START_SECOND + seq) as Second;
  const values = absentColumn(samples.length);
  samples.forEach((value, index) => {
    if (value !== undefined) values[index] = value;
  });
  return { collector, bootEpoch, seq, second, sentAtMs: (second * 1000 + 20) as TimestampMs, generation: 1, values };
}

/** `count` series on a host, one metric `m0`, `m1`, … each, with two decimals. */
export function dictionaryOf(count: number, host = 'h1'): Dictionary {
  const dictionary = new Dictionary(1);
  const endpoint = { name: host, kind: 'host', host, state: 'running', labels: {} } as const;
  const series = Array.from({ length: count }, (_, index) => ({
    endpoint: 0,
    metric: `m${index}`,
    tags: {},
    decimals: 2 as const,
  }));
  dictionary.apply({ generation: 1, endpoints: [{ index: 0, endpoint }], firstSeries: 0, series });
  return dictionary;
}

export function samplesOf(values: Float64Array): (number | undefined)[] {
  return Array.from(values, (value, index) => (isAbsent(values, index) ? undefined : value));
}
