/** The bytes of a file of blocks (`FORMAT.md`): what it says, to and from records. */
import { type Static, Type } from 'typebox';
import {
  ByteReader,
  type ByteWriter,
  endpointSchema,
  metricSchema,
  nameSchema,
  openJson,
  parserOf,
  tagsSchema,
} from '../../core/index.ts';
import { laneStateSchema } from '../intake/lane.ts';
import { type LogRecord, recordTypes, scanRecords, writeRecord } from '../log/record.ts';
import type { SealedBlock } from '../ring/sealed-block.ts';

export const FILE_HEADER_BYTES = 16;
const FILE_MAGIC = Buffer.from('SAKERBLK', 'ascii');
const FILE_VERSION = 1;

const closed = { additionalProperties: false } as const;

const stepSchema = Type.Integer({ minimum: 1 });

/** Series by column; null where a column has none. Many endpoints share one list. */
const layoutSchema = Type.Object(
  {
    layout: Type.Integer({ minimum: 0 }),
    series: Type.Array(
      Type.Union([
        Type.Null(),
        Type.Tuple([metricSchema, tagsSchema, stepSchema]),
        Type.Tuple([metricSchema, tagsSchema, stepSchema, Type.Literal('pushed')]),
      ]),
    ),
  },
  closed,
);

const positionSchema = Type.Object(
  { segment: Type.Integer({ minimum: 0 }), offset: Type.Integer({ minimum: 0 }) },
  closed,
);

const endpointRecordSchema = Type.Object(
  {
    index: Type.Integer({ minimum: 0 }),
    layout: Type.Integer({ minimum: 0 }),
    endpoint: endpointSchema,
    collector: nameSchema,
    newestSecond: Type.Integer({ minimum: 0 }),
    heardAtMs: Type.Number({ minimum: 0 }),
    former: Type.Optional(Type.Array(Type.Object({ collector: nameSchema, until: positionSchema }, closed))),
  },
  closed,
);

/** Where reading the log has to begin after a start, and what is known of each collector. */
const checkpointSchema = Type.Object(
  { replayFrom: Type.Integer({ minimum: 0 }), lanes: Type.Array(laneStateSchema) },
  closed,
);

export type Layout = Static<typeof layoutSchema>;
export type EndpointRecord = Static<typeof endpointRecordSchema>;
export type Checkpoint = Static<typeof checkpointSchema>;

/** A block as a file has it: `index` says whose. */
export type BlockRecord = { readonly index: number; readonly block: SealedBlock };

const parseLayout = parserOf(layoutSchema, 'LOG_CORRUPT', 'layout record');
const parseEndpoint = parserOf(endpointRecordSchema, 'LOG_CORRUPT', 'endpoint record');
const parseCheckpoint = parserOf(checkpointSchema, 'LOG_CORRUPT', 'checkpoint record');

export function writeFileHeader(writer: ByteWriter): void {
  writer.bytes(FILE_MAGIC);
  writer.u32(FILE_VERSION);
  writer.u32(0);
}

function isBlockFile(bytes: Uint8Array): boolean {
  if (bytes.length < FILE_HEADER_BYTES) return false;
  const reader = new ByteReader(bytes);
  return FILE_MAGIC.equals(reader.bytes(FILE_MAGIC.length)) && reader.u32() === FILE_VERSION;
}

const writeJson = (writer: ByteWriter, type: number, body: Layout | EndpointRecord | Checkpoint): void =>
  writeRecord(writer, type, (into) => into.bytes(Buffer.from(JSON.stringify(body), 'utf8')));

export const writeLayout = (writer: ByteWriter, layout: Layout): void => writeJson(writer, recordTypes.layout, layout);
export const writeEndpoint = (writer: ByteWriter, endpoint: EndpointRecord): void =>
  writeJson(writer, recordTypes.endpoint, endpoint);
export const writeCheckpoint = (writer: ByteWriter, checkpoint: Checkpoint): void =>
  writeJson(writer, recordTypes.checkpoint, checkpoint);

export function writeBlock(writer: ByteWriter, { index, block }: BlockRecord): void {
  writeRecord(writer, recordTypes.block, (into) => {
    for (const part of [index, block.start, block.seconds, block.after.segment, block.after.offset]) into.varint(part);
    into.bytes(block.bytes);
  });
}

/** What a file says, in the order in which it says it. */
export type FileContent = {
  readonly layouts: ReadonlyMap<number, Layout>;
  readonly endpoints: ReadonlyMap<number, EndpointRecord>;
  readonly blocks: readonly BlockRecord[];
  readonly checkpoint: Checkpoint | null;
  /** Bytes that were no record, or one that says nothing. */
  readonly damagedBytes: number;
};

/**
 * Reads a file. A damaged record costs itself, and blocks whose endpoint or layout it was; the file's
 * header costs nothing, for records say themselves what they are. Never throws.
 */
export function readBlockFile(bytes: Uint8Array): FileContent {
  const layouts = new Map<number, Layout>();
  const endpoints = new Map<number, EndpointRecord>();
  const blocks: BlockRecord[] = [];
  let checkpoint: Checkpoint | null = null;
  const { records, damagedBytes, end } = scanRecords(bytes, FILE_HEADER_BYTES);
  let damaged = damagedBytes + Math.max(0, bytes.length - end) + (isBlockFile(bytes) ? 0 : FILE_HEADER_BYTES);
  const readers: Readonly<Record<number, (record: LogRecord) => void>> = {
    [recordTypes.layout]: ({ body }) => {
      const layout = parseLayout(openJson(body));
      layouts.set(layout.layout, layout);
    },
    [recordTypes.endpoint]: ({ body }) => {
      const endpoint = parseEndpoint(openJson(body));
      endpoints.set(endpoint.index, endpoint);
    },
    [recordTypes.checkpoint]: ({ body }) => {
      checkpoint = parseCheckpoint(openJson(body));
    },
    [recordTypes.block]: ({ body }) => blocks.push(readBlock(body)),
  };
  for (const record of records) {
    try {
      readers[record.type]?.(record);
    } catch {
      damaged += record.end - record.offset;
    }
  }
  return { layouts, endpoints, blocks, checkpoint, damagedBytes: damaged };
}

function readBlock(body: Uint8Array): BlockRecord {
  const reader = new ByteReader(body);
  const [index, start, seconds] = [reader.varint(), reader.varint(), reader.varint()];
  const after = { segment: reader.varint(), offset: reader.varint() };
  const bytes = reader.bytes(reader.remaining);
  return { index, block: { start, seconds, bytes, after, file: null } };
}
