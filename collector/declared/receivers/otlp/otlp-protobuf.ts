/**
 * OTLP metrics as protobuf, brought into the shape of their JSON form. Only the fields that are used
 * are read; the numbers are those of opentelemetry-proto's `metrics.proto`, v1.
 */
import { PbfReader } from 'pbf';

type Read = (reader: PbfReader, depth: number) => unknown;
/** Field number → name, how it is read, and whether there may be several: then a reader gives a list. */
type Message = Readonly<Record<number, { readonly name: string; readonly read: Read; readonly many?: true }>>;

/** Messages within messages: a request nests six deep. */
const DEPTH_MAX = 12;

const text: Read = (reader) => reader.readString();
const bool: Read = (reader) => reader.readBoolean();
const double: Read = (reader) => reader.readDouble();
const integer: Read = (reader) => reader.readVarint(true);
const fixed64: Read = (reader) => reader.readFixed64();
const sfixed64: Read = (reader) => reader.readSFixed64();
/** Numbers come one by one or packed; both are read as a list. */
const doubles: Read = (reader) => reader.readPackedDouble();
const fixed64s: Read = (reader) => reader.readPackedFixed64();

const anyValue: Message = {
  1: { name: 'stringValue', read: text },
  2: { name: 'boolValue', read: bool },
  3: { name: 'intValue', read: integer },
  4: { name: 'doubleValue', read: double },
};
const keyValue: Message = { 1: { name: 'key', read: text }, 2: { name: 'value', read: message(anyValue) } };
const attributes = { name: 'attributes', read: message(keyValue), many: true } as const;
const resource: Message = { 1: attributes };
const numberPoint: Message = {
  4: { name: 'asDouble', read: double },
  6: { name: 'asInt', read: sfixed64 },
  7: attributes,
};
const temporality = { name: 'aggregationTemporality', read: integer } as const;
const histogramPoint: Message = {
  4: { name: 'count', read: fixed64 },
  5: { name: 'sum', read: double },
  6: { name: 'bucketCounts', read: fixed64s, many: true },
  7: { name: 'explicitBounds', read: doubles, many: true },
  9: attributes,
};
const quantileValue: Message = { 1: { name: 'quantile', read: double }, 2: { name: 'value', read: double } };
const summaryPoint: Message = {
  4: { name: 'count', read: fixed64 },
  5: { name: 'sum', read: double },
  6: { name: 'quantileValues', read: message(quantileValue), many: true },
  7: attributes,
};
const pointsOf = (point: Message): Message => ({
  1: { name: 'dataPoints', read: message(point), many: true },
  2: temporality,
  3: { name: 'isMonotonic', read: bool },
});
const metric: Message = {
  1: { name: 'name', read: text },
  5: { name: 'gauge', read: message(pointsOf(numberPoint)) },
  7: { name: 'sum', read: message(pointsOf(numberPoint)) },
  9: { name: 'histogram', read: message(pointsOf(histogramPoint)) },
  10: { name: 'exponentialHistogram', read: message(pointsOf({})) },
  11: { name: 'summary', read: message(pointsOf(summaryPoint)) },
};
const scopeMetrics: Message = { 2: { name: 'metrics', read: message(metric), many: true } };
const resourceMetrics: Message = {
  1: { name: 'resource', read: message(resource) },
  2: { name: 'scopeMetrics', read: message(scopeMetrics), many: true },
};
const request: Message = { 1: { name: 'resourceMetrics', read: message(resourceMetrics), many: true } };

/** Throws an `Error` for bytes that are no such message. */
export function decodeRequest(bytes: Uint8Array): unknown {
  const reader = new PbfReader(bytes);
  return readFields(reader, request, { end: bytes.length, depth: 0 });
}

function message(fields: Message): Read {
  return (reader, depth) => {
    const end = reader.readVarint() + reader.pos;
    if (!(end <= reader.length)) throw new Error('a message is longer than what holds it');
    return readFields(reader, fields, { end, depth: depth + 1 });
  };
}

function readFields(reader: PbfReader, fields: Message, within: { readonly end: number; readonly depth: number }) {
  const { end, depth } = within;
  if (depth > DEPTH_MAX) throw new Error('messages are nested too deep');
  const found: Record<string, unknown> = {};
  // What is not read by this function is skipped.
  reader.readFields(
    (number) => {
      const field = fields[number];
      if (field === undefined) return;
      const value = field.read(reader, depth);
      if (field.many === undefined) found[field.name] = value;
      else append(found, field.name, value);
    },
    null,
    end,
  );
  if (reader.pos !== end) throw new Error('a field is longer than its message');
  return found;
}

/** In place: a request has thousands of points. */
function append(found: Record<string, unknown>, name: string, value: unknown): void {
  const list = found[name];
  const added: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (Array.isArray(list)) list.push(...added);
  else found[name] = [...added];
}
