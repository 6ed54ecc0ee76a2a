import { type Static, Type } from 'typebox';
import { nameSchema } from '../../schema.ts';
import { closed, timeMs } from '../parts.ts';

const bytes = (description: string) => Type.Union([Type.Number(), Type.Null()], { description });

const verdictKind = Type.Union(
  [
    Type.Literal('fine'),
    Type.Literal('unlimited'),
    Type.Literal('cache_full'),
    Type.Literal('files_in_use'),
    Type.Literal('tight'),
    Type.Literal('oom_close'),
    Type.Literal('oom_killed'),
  ],
  { description: 'Stable; docs/collector/top.md explains each' },
);

/** What the memory of a container means. */
export const memoryVerdictSchema = Type.Object(
  {
    kind: verdictKind,
    severity: Type.Union([Type.Literal('fine'), Type.Literal('warning'), Type.Literal('critical')]),
    text: Type.String({ description: 'The same as one sentence' }),
  },
  closed,
);

export const memoryQuerySchema = Type.Object({ endpoint: nameSchema }, closed);

export const memoryAnswerSchema = Type.Object(
  {
    nowMs: timeMs,
    endpoint: nameSchema,
    usageBytes: bytes('Everything charged, page cache included'),
    workingSetBytes: bytes('Usage less the file pages that nobody used lately'),
    anonBytes: bytes('Anonymous memory: only an end of processes gives it back'),
    cacheBytes: bytes('Page cache, shared memory included'),
    limitBytes: bytes('Null without a limit'),
    oomKills: bytes('Tasks killed for want of memory in the last ten minutes'),
    verdict: Type.Union([memoryVerdictSchema, Type.Null()], { description: 'Null where nothing was measured' }),
  },
  closed,
);

export type MemoryVerdict = Static<typeof memoryVerdictSchema>;
export type MemoryVerdictKind = MemoryVerdict['kind'];
export type MemoryAnswer = Static<typeof memoryAnswerSchema>;
