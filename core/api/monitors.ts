import { type Static, Type } from 'typebox';
import { MONITORS_MAX } from '../frame/messages/limits.ts';
import { metricSchema, nameSchema } from '../schema.ts';
import { closed, timeMs } from './parts.ts';

/** A tag's value as people may declare it: no comma, which would end it where series are written down. */
const tagValue = Type.String({ maxLength: 255, pattern: '^[^,=]*$' });
const declaredTags = Type.Record(Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_.-]{0,63}$' }), tagValue, {
  maxProperties: 16,
  additionalProperties: false,
});
const pattern = Type.String({ minLength: 1, maxLength: 1024 });
const orNull = <Schema extends ReturnType<typeof Type.String>>(schema: Schema) => Type.Union([schema, Type.Null()]);
const path = Type.String({ minLength: 2, maxLength: 512, pattern: '^/' });
const timeoutMs = Type.Integer({ minimum: 100, maximum: 60_000 });

const base = {
  /** Unique on one collector for each origin; what people call it. */
  name: Type.String({ minLength: 1, maxLength: 255, pattern: '^[^\\s,]+$' }),
  everySeconds: Type.Integer({ minimum: 1, maximum: 86_400 }),
  /** Put on every series of the monitor, besides the ones that it sets itself. */
  tags: declaredTags,
};

export const portMonitorSchema = Type.Object(
  {
    ...base,
    type: Type.Literal('port'),
    port: Type.Integer({ minimum: 1, maximum: 65_535 }),
    protocol: Type.Union([Type.Literal('tcp'), Type.Literal('udp')]),
    /** Where to connect to and measure the time; null: only look whether somebody listens. */
    connect: orNull(Type.String({ minLength: 1, maxLength: 255 })),
    timeoutMs,
  },
  closed,
);

export const processMonitorSchema = Type.Object(
  {
    ...base,
    type: Type.Literal('process'),
    /** The kernel's name of the process (`/proc/PID/comm`, at most 15 characters), whole. */
    process: orNull(Type.String({ minLength: 1, maxLength: 64 })),
    /** A piece of the command line; arguments are separated by one space. */
    cmdline: orNull(Type.String({ minLength: 1, maxLength: 255 })),
  },
  closed,
);

export const httpMonitorSchema = Type.Object(
  {
    ...base,
    type: Type.Literal('http'),
    url: Type.String({ minLength: 8, maxLength: 1024, pattern: '^https?://' }),
    method: Type.Union([Type.Literal('GET'), Type.Literal('HEAD')]),
    statusMin: Type.Integer({ minimum: 100, maximum: 599 }),
    statusMax: Type.Integer({ minimum: 100, maximum: 599 }),
    /** RE2 expression that the body must contain a match of. */
    body: orNull(pattern),
    verifyCertificate: Type.Boolean(),
    timeoutMs,
  },
  closed,
);

export const scriptMonitorSchema = Type.Object(
  {
    ...base,
    type: Type.Literal('script'),
    /** A script, or a folder: each file in it that is named `SECONDS_name` runs that often. */
    path,
    args: Type.Array(Type.String({ maxLength: 1024 }), { maxItems: 32 }),
    timeoutMs: Type.Union([timeoutMs, Type.Null()], { description: 'Null: the time between two runs less 0.5 s' }),
  },
  closed,
);

export const logMonitorSchema = Type.Object(
  {
    ...base,
    type: Type.Literal('log'),
    files: Type.Array(path, { maxItems: 32 }),
    /** Output of the containers whose name fits (`*` for any run of characters); null: files only. */
    container: orNull(Type.String({ minLength: 1, maxLength: 255 })),
    match: pattern,
    exclude: orNull(pattern),
    /** Name or number of the group of `match` that captures a number; null: lines are only counted. */
    value: orNull(Type.String({ minLength: 1, maxLength: 64 })),
    quantiles: Type.Array(Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1 }), { maxItems: 8 }),
  },
  closed,
);

/** What to watch beside what is watched anyway. */
export const monitorSchema = Type.Union([
  portMonitorSchema,
  processMonitorSchema,
  httpMonitorSchema,
  scriptMonitorSchema,
  logMonitorSchema,
]);

/** Who wants a monitor: the host's own file, the server's file, or an alert rule on one of its metrics. */
export const monitorOriginSchema = Type.Union([Type.Literal('file'), Type.Literal('server'), Type.Literal('rule')]);

export const pushedMonitorSchema = Type.Object(
  { origin: Type.Union([Type.Literal('server'), Type.Literal('rule')]), monitor: monitorSchema },
  closed,
);

/** How one monitor fares on one host. */
export const monitorStateSchema = Type.Object(
  {
    name: nameSchema,
    type: Type.String({ maxLength: 32, description: 'port, process, http, script, log, or a receiver’s name' }),
    origin: monitorOriginSchema,
    state: Type.Union([Type.Literal('starting'), Type.Literal('ok'), Type.Literal('failing')]),
    error: Type.Union([Type.String({ maxLength: 1024 }), Type.Null()]),
    checkedAtMs: Type.Union([timeMs, Type.Null()], { description: 'End of the last check, by the host’s clock' }),
    series: Type.Integer({ minimum: 0, description: 'Series that it has given values to' }),
  },
  closed,
);

/** What a collector says of its monitors; replaces what it said before. */
export const monitorReportSchema = Type.Object(
  {
    /** Why the newest version of the collector's own file was refused; the version before it goes on. */
    fileError: Type.Union([Type.String({ maxLength: 4096 }), Type.Null()]),
    monitors: Type.Array(monitorStateSchema, { maxItems: 2 * MONITORS_MAX }),
  },
  closed,
);

/** Wanted of the nodes of the service tree, and what became of it. */
export const monitorsAnswerSchema = Type.Object(
  {
    file: Type.String(),
    error: Type.Union([Type.String(), Type.Null()], { description: 'Why the newest version of the file was refused' }),
    declared: Type.Array(Type.Object({ name: nameSchema, type: Type.String(), where: Type.String() }, closed)),
    /** Rules on a metric that only a monitor measures, for which none could be made. */
    refused: Type.Array(Type.Object({ rule: nameSchema, metric: metricSchema, reason: Type.String() }, closed)),
    collectors: Type.Array(
      Type.Object({ name: nameSchema, connected: Type.Boolean(), ...monitorReportSchema.properties }, closed),
    ),
  },
  closed,
);

export type PortMonitor = Static<typeof portMonitorSchema>;
export type ProcessMonitor = Static<typeof processMonitorSchema>;
export type HttpMonitor = Static<typeof httpMonitorSchema>;
export type ScriptMonitor = Static<typeof scriptMonitorSchema>;
export type LogMonitor = Static<typeof logMonitorSchema>;
export type MonitorDefinition = Static<typeof monitorSchema>;
export type MonitorOrigin = Static<typeof monitorOriginSchema>;
export type PushedMonitor = Static<typeof pushedMonitorSchema>;
export type MonitorState = Static<typeof monitorStateSchema>;
export type MonitorReport = Static<typeof monitorReportSchema>;
export type MonitorsAnswer = Static<typeof monitorsAnswerSchema>;
