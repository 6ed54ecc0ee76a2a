/**
 * Prometheus remote write 1.0: a snappy block of the protobuf message `prometheus.WriteRequest`
 * (https://prometheus.io/docs/specs/prw/remote_write_spec/). Read by hand, because a series is nearly always one that came
 * before: its labels are looked up by their bytes, and no text is made of them.
 */
import { uncompressSync } from 'snappy';
import { Check } from 'typebox/value';
import { AppError, metricSchema, nameSchema, tagsSchema } from '../../../core/index.ts';
import type { PushedSeries } from '../../../realtime/index.ts';
import { ProtoReader, wire } from './proto-reader.ts';
import type { PushedForm, Taking } from './push-door.ts';
import type { Reason } from './refusals.ts';

/** Bytes of a request when it is unpacked. */
export const UNPACKED_BYTES_MAX = 32 * 1024 * 1024;

/** A sender's series that are known by their labels' bytes; beyond it they are learnt anew. */
const KNOWN_MAX = 200_000;

/** The low word of the NaN by which Prometheus says that a series has ended. */
const STALE_LOW = 2;
const STALE_HIGH = 0x7ff0_0000;

const STEP_SECONDS = 1;

/** Where series' labels say what we call an endpoint, in this order. */
const ENDPOINT_LABELS = ['endpoint', 'instance', 'job'] as const;
const NO_ENDPOINT = 'prometheus';

/** What the labels of a series come to. Where they fit no series, `fault` says why, and `name` which it is. */
type Known =
  | { readonly series: PushedSeries }
  | { readonly reason: Reason; readonly name: string; readonly fault: string };

/** Unpacks a request's body. Throws `BAD_REQUEST` and `PAYLOAD_TOO_LARGE` before anything large is made. */
export function unpack(body: Buffer): Buffer {
  const length = new ProtoReader(body).varint();
  if (length > UNPACKED_BYTES_MAX)
    throw new AppError('PAYLOAD_TOO_LARGE', `the request unpacks to ${length} bytes; ${UNPACKED_BYTES_MAX} are taken`, {
      hint: 'lower max_samples_per_send',
    });
  try {
    const unpacked = uncompressSync(body, { asBuffer: true });
    return Buffer.isBuffer(unpacked) ? unpacked : Buffer.from(unpacked);
  } catch (cause) {
    throw new AppError('BAD_REQUEST', 'the body is no snappy block', {
      hint: 'send Content-Encoding: snappy, the block format without frames',
      cause,
    });
  }
}

/** Reads the requests of one sender. */
export class RemoteWriteReader {
  readonly #known = new Map<string, Known>();

  /** How many samples a request has. Throws `BAD_REQUEST` when it is no such message. */
  count(message: Buffer): number {
    let samples = 0;
    const reader = new ProtoReader(message);
    while (reader.more) {
      const tag = reader.varint();
      if (tag !== wire.bytes(1)) reader.skip(tag);
      else samples += countSamples(reader.nested());
    }
    return samples;
  }

  take(message: Buffer) {
    return (taking: Taking): void => {
      const reader = new ProtoReader(message);
      while (reader.more) {
        const tag = reader.varint();
        if (tag === wire.bytes(1)) this.#takeSeries(reader.nested(), taking);
        else reader.skip(tag);
      }
    };
  }

  /** `TimeSeries {labels = 1, samples = 2, exemplars = 3, histograms = 4}`; labels come first, together. */
  #takeSeries(reader: ProtoReader, taking: Taking): void {
    const labelsFrom = reader.at;
    let known: Known | null = null;
    while (reader.more) {
      const before = reader.at;
      const tag = reader.varint();
      if (tag === wire.bytes(1)) reader.skip(tag);
      else if (tag === wire.bytes(2)) {
        known ??= this.#find(reader, { from: labelsFrom, to: before }, taking);
        takeSample(reader.nested(), known, taking);
      } else {
        if (tag === wire.bytes(4)) taking.refusals.add('form', () => 'a series', 'native histograms are not taken');
        reader.skip(tag);
      }
    }
  }

  #find(reader: ProtoReader, { from, to }: { from: number; to: number }, taking: Taking): Known {
    const key = reader.latin1(from, to);
    const known = this.#known.get(key);
    if (known !== undefined && 'series' in known && !known.series.lane.isDropped) return known;
    const learnt = learn(reader.part(from, to), taking);
    // A budget may have room again; what is wrong with labels stays wrong.
    if ('series' in learnt || learnt.reason === 'form') {
      if (this.#known.size >= KNOWN_MAX) this.#known.clear();
      this.#known.set(key, learnt);
    }
    return learnt;
  }
}

function countSamples(reader: ProtoReader): number {
  let samples = 0;
  while (reader.more) {
    const tag = reader.varint();
    if (tag === wire.bytes(2)) samples++;
    reader.skip(tag);
  }
  return samples;
}

/** `Sample {double value = 1, int64 timestamp = 2}`, milliseconds. */
function takeSample(reader: ProtoReader, known: Known, { add, refusals }: Taking): void {
  let [value, timeMs, isStale] = [0, 0, false];
  while (reader.more) {
    const tag = reader.varint();
    if (tag === wire.fixed64(1)) {
      const { low, high } = reader.words();
      isStale = low === STALE_LOW && high === STALE_HIGH;
      value = reader.double();
    } else if (tag === wire.varint(2)) timeMs = reader.varint();
    else reader.skip(tag);
  }
  if (isStale) return;
  if ('reason' in known) {
    refusals.add(known.reason, () => known.name, known.fault);
    return;
  }
  const refusal = add(known.series, Math.floor(timeMs / 1000), value);
  if (refusal !== null) refusals.add(refusal, () => nameOf(known.series));
}

function nameOf({ lane, column }: PushedSeries): string {
  const { endpoint, metric } = lane.dictionary.identityOf(column);
  return `${endpoint}/${metric}`;
}

function learn(reader: ProtoReader, { series }: Taking): Known {
  const labels = readLabels(reader);
  const form = formOf(labels);
  const name = labels.get('__name__') ?? 'a series without a name';
  if (typeof form === 'string') return { reason: 'form', name, fault: form };
  const found = series(form);
  return typeof found === 'string' ? { reason: found, name: `${form.endpoint}/${name}`, fault: '' } : { series: found };
}

/** `Label {name = 1, value = 2}`. */
function readLabels(reader: ProtoReader): Map<string, string> {
  const labels = new Map<string, string>();
  while (reader.more) {
    reader.varint();
    const label = reader.nested();
    let [name, value] = ['', ''];
    while (label.more) {
      const tag = label.varint();
      if (tag === wire.bytes(1)) name = label.text();
      else if (tag === wire.bytes(2)) value = label.text();
      else label.skip(tag);
    }
    labels.set(name, value);
  }
  return labels;
}

/** The series that labels name, or what is wrong with them. */
function formOf(labels: Map<string, string>): PushedForm | string {
  const metric = labels.get('__name__') ?? '';
  if (!Check(metricSchema, metric)) return '__name__: up to 128 letters, digits, _ and :';
  const from = ENDPOINT_LABELS.find((name) => (labels.get(name) ?? '') !== '');
  const endpoint = from === undefined ? NO_ENDPOINT : (labels.get(from) ?? '');
  if (!Check(nameSchema, endpoint)) return `${from}: at most 255 characters`;
  const tags: Record<string, string> = {};
  for (const [name, value] of labels) {
    if (name === '__name__' || name === from || value === '') continue;
    // A comma would end the tag where series are written down.
    tags[name] = value.replaceAll(',', '%2C');
  }
  if (!Check(tagsSchema, tags)) return `${metric}: at most 32 labels, values of at most 255 characters`;
  return { endpoint, metric, tags, step: STEP_SECONDS };
}
