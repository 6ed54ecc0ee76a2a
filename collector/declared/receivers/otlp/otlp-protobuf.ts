/**
 * OTLP metrics as protobuf, brought into the shape of their JSON form. Only the fields that are used
 * are read; the numbers are those of opentelemetry-proto's `metrics.proto`, v1.
 */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';

type Value = unknown;
type Read = (reader: BinaryReader, wire: WireType) => Value;
/** Field number → name, how it is read, and whether there may be several. */
type Message = Readonly<Record<number, { readonly name: string; readonly read: Read; readonly many?: true }>>;

/** Messages within messages: a request nests six deep. */
const DEPTH_MAX = 12;

const text: Read = (reader) => reader.string();
const bool: Read = (reader) => reader.bool();
const double: Read = (reader) => reader.double();
const enumeration: Read = (reader) => reader.int32();
const int64: Read = (reader) => Number(reader.int64());
const fixed64: Read = (reader) => Number(reader.fixed64());
const sfixed64: Read = (reader) => Number(reader.sfixed64());

const anyValue: Message = {
  1: { name: 'stringValue', read: text },
  2: { name: 'boolValue', read: bool },
  3: { name: 'intValue', read: int64 },
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
const temporality = { name: 'aggregationTemporality', read: enumeration } as const;
const histogramPoint: Message = {
  4: { name: 'count', read: fixed64 },
  5: { name: 'sum', read: double },
  6: { name: 'bucketCounts', read: fixed64, many: true },
  7: { name: 'explicitBounds', read: double, many: true },
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
  const reader = new BinaryReader(bytes);
  return readFields(reader, bytes.length, request, 0);
}

function message(fields: Message): Read {
  return (reader) => {
    const length = reader.uint32();
    const end = reader.pos + length;
    if (end > reader.len) throw new Error('a message is longer than what holds it');
    return readFields(reader, end, fields, 1);
  };
}

function readFields(reader: BinaryReader, end: number, fields: Message, depth: number): Record<string, Value> {
  if (depth > DEPTH_MAX) throw new Error('messages are nested too deep');
  const found: Record<string, Value> = {};
  while (reader.pos < end) {
    const [number, wire] = reader.tag();
    const field = fields[number];
    if (field === undefined) {
      reader.skip(wire, number);
      continue;
    }
    const { name, read, many } = field;
    if (many === undefined) found[name] = read(reader, wire);
    else found[name] = [...((found[name] as readonly Value[] | undefined) ?? []), ...readMany(reader, wire, read)];
  }
  if (reader.pos !== end) throw new Error('a field is longer than its message');
  return found;
}

/** Numbers may be packed: one length, and then one after the other. */
function readMany(reader: BinaryReader, wire: WireType, read: Read): readonly Value[] {
  const isPacked = wire === WireType.LengthDelimited && (read === double || read === fixed64);
  if (!isPacked) return [read(reader, wire)];
  const length = reader.uint32();
  const end = reader.pos + length;
  if (end > reader.len) throw new Error('a list is longer than its message');
  const values: Value[] = [];
  while (reader.pos < end) values.push(read(reader, wire));
  return values;
}
