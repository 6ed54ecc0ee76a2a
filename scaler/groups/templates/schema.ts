import { type Static, Type } from 'typebox';
import { count } from '../policies/schema.ts';
import { bytesPattern } from '../text/units.ts';

const closed = { additionalProperties: false } as const;
const size = (write: string) => Type.String({ pattern: bytesPattern, write });
const rate = (write: string) => Type.String({ pattern: '^[0-9]{1,9}(kbit|Mbit|Gbit)$', write });

/** What an instance may use. `cpus` is a quota; `cores` are whole cores of its own (a cpuset). */
export const resourcesSchema = Type.Object(
  {
    cpus: Type.Optional(Type.Number({ minimum: 0.01, maximum: 1024, write: 'a number of cores, such as "cpus: 0.5"' })),
    cores: Type.Optional(count(1, 1024, 'a whole number of cores of its own, such as "cores: 2"')),
    memory: Type.Optional(size('a size with its unit, such as "memory: 64MiB"')),
    pids: Type.Optional(count(1, 4_194_304, 'a number of processes and threads, such as "pids: 100"')),
    ulimits: Type.Optional(
      Type.Object(
        {
          nofile: Type.Optional(count(1, 1_048_576, 'a number of open files, such as "nofile: 65536"')),
          nproc: Type.Optional(count(1, 4_194_304, 'a number of processes, such as "nproc: 1024"')),
          core: Type.Optional(count(0, 1_073_741_824, 'bytes of a core dump, such as "core: 0"')),
        },
        { ...closed, write: 'limits of each process, such as "ulimits: { nofile: 65536 }"' },
      ),
    ),
    io: Type.Optional(
      Type.Object(
        {
          read: Type.Optional(size('bytes a second, such as "read: 50MB"')),
          write: Type.Optional(size('bytes a second, such as "write: 20MB"')),
        },
        { ...closed, write: 'bytes a second, such as "io: { read: 50MB, write: 20MB }"' },
      ),
    ),
    network: Type.Optional(
      Type.Object(
        {
          in: Type.Optional(rate('bits a second, such as "in: 500Mbit"')),
          out: Type.Optional(rate('bits a second, such as "out: 500Mbit"')),
        },
        { ...closed, write: 'bits a second, such as "network: { in: 500Mbit, out: 500Mbit }"' },
      ),
    ),
  },
  { ...closed, write: 'limits, such as "resources: { cpus: 0.5, memory: 64MiB, pids: 100 }"' },
);

export const volumesSchema = Type.Array(
  Type.Object(
    {
      from: Type.String({
        pattern: '^[a-z0-9][a-z0-9_-]{0,62}$',
        write: 'a name of the host’s allow-list, such as "from: logs"',
      }),
      to: Type.String({
        pattern: '^/[A-Za-z0-9_./-]{1,254}$',
        write: 'a path in the container, such as "to: /var/log/app"',
      }),
      readonly: Type.Optional(Type.Boolean({ write: '"readonly: true" or "readonly: false"' })),
    },
    { ...closed, write: 'a volume, such as "{ from: logs, to: /var/log/app }"' },
  ),
  { maxItems: 16, write: 'volumes of the host’s allow-list, such as "volumes: [{ from: logs, to: /var/log/app }]"' },
);

export type ResourcesEntry = Static<typeof resourcesSchema>;
