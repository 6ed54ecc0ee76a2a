import { readFile, statfs } from 'node:fs/promises';
import type { Probe, ProbeSite } from '../probe.ts';
import { DisksProbe } from './disks.ts';
import { FileSystemsProbe } from './file-systems.ts';
import { LoadProbe } from './load.ts';
import { MemoryProbe } from './memory.ts';
import { NetworkProbe } from './network.ts';
import { ProcessorProbe } from './processor.ts';
import { SocketsProbe } from './sockets.ts';

/** Everything that is measured of a host. The processor comes first: others need the number of cores. */
export function hostProbes(site: ProbeSite): readonly Probe[] {
  return [
    new ProcessorProbe(site),
    new MemoryProbe(site),
    new LoadProbe(site),
    new NetworkProbe(site),
    new DisksProbe(site),
    new SocketsProbe(site),
    new FileSystemsProbe(site, {
      readMounts: () => readFile(`${site.procRoot}/self/mountinfo`, 'utf8'),
      statfs: (path) => statfs(path),
    }),
  ];
}
