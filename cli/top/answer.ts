/** What `saker top --once --json` prints. Scripts rely on it: fields are added, never changed. */
import { type Static, Type } from 'typebox';
import { memoryVerdictSchema, version } from '../../core/index.ts';
import type { Row } from './readings/row.ts';
import type { Source } from './readings/source.ts';

const figure = (description: string) => Type.Union([Type.Number(), Type.Null()], { description });
const closed = { additionalProperties: false } as const;

const rowSchema = Type.Object(
  {
    endpoint: Type.String({ description: 'Name of the endpoint in rules, charts and the API' }),
    kind: Type.Union([Type.Literal('host'), Type.Literal('container')]),
    host: Type.String({ description: 'Endpoint of the host that it runs on' }),
    name: Type.String({ description: 'The container’s own name, or the host’s' }),
    image: Type.Union([Type.String(), Type.Null()]),
    labels: Type.Record(Type.String(), Type.String()),
    ageSeconds: figure('Age of the newest sample; above 3 it is late'),
    cpu: Type.Object(
      {
        percent: figure('Of the limit of a container, of all cores without one and for a host: 0–100'),
        userPercent: figure('Of the same, in user mode'),
        systemPercent: figure('Of the same, in kernel mode'),
        usedCores: figure('Cores in use'),
        limitCores: figure('Cores that the limit allows; null without one; all cores of a host'),
        throttledPercent: figure('Scheduler periods in which the limit held it back: 0–100'),
        perCorePercent: Type.Array(figure('Of this core: 0–100')),
      },
      closed,
    ),
    load: Type.Object(
      { one: figure('Over 1 min'), five: figure('Over 5 min'), fifteen: figure('Over 15 min') },
      { ...closed, description: 'Load average of its own tasks' },
    ),
    memory: Type.Object(
      {
        usageBytes: figure('Everything charged, page cache included; of a host: used'),
        workingSetBytes: figure('Usage less what the kernel can take back at once'),
        anonBytes: figure('What only the end of processes gives back'),
        limitBytes: figure('The limit; null without one; all memory of a host'),
        percent: figure('Working set of the limit: 0–100; of a host: used of all'),
        oomKills: figure('OOM kills since the measuring began'),
        verdict: Type.Union([memoryVerdictSchema, Type.Null()], { description: 'What these mean; null for a host' }),
      },
      closed,
    ),
    network: Type.Object({ inBytesPerSecond: figure('Received'), outBytesPerSecond: figure('Sent') }, closed),
    io: Type.Object(
      {
        readBytesPerSecond: figure('Read from block devices'),
        writeBytesPerSecond: figure('Written to block devices'),
        accounted: Type.Boolean({
          description:
            'False where the kernel does not count it (cgroup v1): then the processes’ own accounts, or null',
        }),
      },
      closed,
    ),
    pids: Type.Object({ current: figure('Processes and threads'), limit: figure('How many it may have') }, closed),
    uptimeSeconds: figure('Time since it started'),
  },
  closed,
);

export const topAnswerSchema = Type.Object(
  {
    schema: Type.Literal('saker.top/1'),
    version: Type.String({ description: 'Of the program that printed this' }),
    atMs: Type.Number({ description: 'Milliseconds since 1970, by the clock of whoever measured' }),
    source: Type.Object(
      {
        kind: Type.Union([Type.Literal('local'), Type.Literal('server')]),
        title: Type.String({ description: 'Name of this host, or address of the server' }),
        insideContainer: Type.Boolean({ description: 'The local probes ran inside a container' }),
        note: Type.Union([Type.String(), Type.Null()], { description: 'What could not be reached' }),
      },
      closed,
    ),
    rows: Type.Array(rowSchema, { description: 'As filtered and sorted by the flags. Null: not measured' }),
  },
  { ...closed, $id: 'saker.top/1' },
);

export type TopAnswer = Static<typeof topAnswerSchema>;

export function topAnswer(source: Source, rows: readonly Row[]): TopAnswer {
  return {
    schema: 'saker.top/1',
    version,
    atMs: source.nowMs(),
    source: { kind: source.kind, title: source.title, insideContainer: source.isInside, note: source.note },
    rows: rows.map((row) => ({
      ...row,
      labels: { ...row.labels },
      cpu: { ...row.cpu, perCorePercent: [...row.cpu.perCorePercent] },
    })),
  };
}
