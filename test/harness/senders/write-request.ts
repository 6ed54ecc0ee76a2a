import { PbfWriter } from 'pbf';

export type WrittenSeries = {
  readonly labels: Readonly<Record<string, string>>;
  /** Values with their times in milliseconds. */
  readonly samples: readonly (readonly [value: number, timeMs: number])[];
};

/** A `prometheus.WriteRequest` as senders write it: labels sorted by name. */
export function writeRequest(series: readonly WrittenSeries[]): Buffer {
  const pbf = new PbfWriter();
  for (const one of series) pbf.writeMessage(1, writeSeries, one);
  return Buffer.from(pbf.finish());
}

function writeSeries({ labels, samples }: WrittenSeries, pbf: PbfWriter): void {
  for (const label of Object.entries(labels).sort()) pbf.writeMessage(1, writeLabel, label);
  for (const sample of samples) pbf.writeMessage(2, writeSample, sample);
}

function writeLabel([name, value]: [string, string], pbf: PbfWriter): void {
  pbf.writeStringField(1, name);
  pbf.writeStringField(2, value);
}

function writeSample([value, timeMs]: readonly [number, number], pbf: PbfWriter): void {
  pbf.writeDoubleField(1, value);
  pbf.writeVarintField(2, timeMs);
}
