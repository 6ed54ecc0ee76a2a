import { Type } from 'typebox';
import { parserOf } from '../../core/index.ts';

const closed = { additionalProperties: false } as const;
const texts = Type.Record(Type.String({ pattern: '^.{1,255}$' }), Type.String(), closed);
const orNull = Type.Union([Type.Number(), Type.Null()]);

/** A `ContainerSpec` as it lies in the state store. Closed: a field that we do not know could be anything. */
const storedSpecSchema = Type.Object(
  {
    name: Type.String({ minLength: 1 }),
    image: Type.String({ minLength: 1 }),
    command: Type.Array(Type.String()),
    env: texts,
    labels: texts,
    resources: Type.Object({ cpus: orNull, memoryBytes: orNull, pids: Type.Integer({ minimum: 1 }) }, closed),
  },
  closed,
);

export const parseSpec = parserOf(storedSpecSchema, 'STATE_STORE', 'a stored container spec');
