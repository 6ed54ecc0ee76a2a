import { type Static, Type } from 'typebox';
import { labelsSchema, nameSchema } from '../schema.ts';

/**
 * What a series hangs on: a host, or a container. A container's endpoint is its identity (service
 * and slot where labels give them), so that a recreated container continues the same line; which
 * container wears it at the moment is told by `container.id` and `container.startedAtMs`.
 */
export const endpointSchema = Type.Object(
  {
    name: nameSchema,
    kind: Type.Union([Type.Literal('host'), Type.Literal('container')]),
    host: nameSchema,
    state: Type.Union([Type.Literal('running'), Type.Literal('gone')]),
    labels: labelsSchema,
    container: Type.Optional(
      Type.Object(
        {
          id: Type.String({ minLength: 1, maxLength: 128 }),
          name: nameSchema,
          image: Type.String({ maxLength: 512 }),
          startedAtMs: Type.Number({ minimum: 0 }),
        },
        { additionalProperties: false },
      ),
    ),
    system: Type.Optional(
      Type.Object(
        {
          cpuCount: Type.Integer({ minimum: 1, maximum: 65_536 }),
          memoryBytes: Type.Number({ minimum: 0 }),
          kernel: Type.String({ maxLength: 256 }),
          cgroupVersion: Type.Union([Type.Literal(1), Type.Literal(2)]),
          docker: Type.Union([Type.Null(), Type.String({ maxLength: 64 })]),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);

export type Endpoint = Static<typeof endpointSchema>;
