import { readFile, statfs } from 'node:fs/promises';
import { PressureProbe } from '../pressure.ts';
import type { Probe, ProbeSite } from '../probe.ts';
import { KernelTablesProbe } from './kernel-tables.ts';
import { LoadProbe } from './load.ts';
import { MemoryProbe } from './memory.ts';
import { NetworkProbe } from './network/interfaces.ts';
import { ProtocolsProbe } from './network/protocols.ts';
import { SocketsProbe } from './network/sockets.ts';
import { PagingProbe } from './paging.ts';
import { ProcessorProbe } from './processor.ts';
import { DisksProbe } from './storage/disks.ts';
import { FileSystemsProbe } from './storage/file-systems.ts';

/** Everything that is measured of a host. The processor comes first: others need the number of cores. */
export function hostProbes(site: ProbeSite): readonly Probe[] {
  return [
    new ProcessorProbe(site),
    new MemoryProbe(site),
    new PagingProbe(site),
    new LoadProbe(site),
    new PressureProbe(site, (resource) => `${site.procRoot}/pressure/${resource}`),
    new KernelTablesProbe(site),
    new NetworkProbe(site),
    new ProtocolsProbe(site),
    new SocketsProbe(site),
    new DisksProbe(site),
    new FileSystemsProbe(site, {
      readMounts: () => readFile(`${site.procRoot}/self/mountinfo`, 'utf8'),
      statfs: (path) => statfs(path),
    }),
  ];
}
