/**
 * Traffic of the host's interfaces. Left out are the loopback and what exists once a container,
 * virtual machine or tunnel end: their traffic passes an interface that is shown, or is counted on
 * the container itself, and their names come and go.
 */
import { accessSync, constants } from 'node:fs';
import { InterfaceTable } from '../../interface-table.ts';
import type { Probe, ProbeSite } from '../../probe.ts';

const HIDDEN =
  /^(lo|veth.*|docker.*|br-[0-9a-f]{12}|cali.*|cilium.*|lxc.*|flannel.*|cni.*|kube-.*|nodelocaldns|tap.*|vnet.*|virbr.*|ifb\d+|dummy\d+|sit\d+|gre\d+|gretap\d+|erspan\d+|tunl\d+|ip6tnl\d+|ip6gre\d+|ip_vti\d+|ip6_vti\d+)$/;

/** True for interfaces that lead out of the host: eth, en, wl, ib, bond, team, br0, wg, tun, … */
export function isShownInterface(name: string): boolean {
  return !HIDDEN.test(name);
}

/**
 * The file of the host's network namespace: that of process 1, where it may be read, since
 * `/proc/net` is that of the reader, which may live in a namespace of its own.
 */
export function hostNetworkFile(procRoot: string, file: string): string {
  const ofInit = `${procRoot}/1/net/${file}`;
  try {
    accessSync(ofInit, constants.R_OK);
    return ofInit;
  } catch {
    return `${procRoot}/net/${file}`;
  }
}

export class NetworkProbe implements Probe {
  readonly name = 'network';
  readonly #file;
  readonly #table: InterfaceTable;

  constructor(site: ProbeSite) {
    this.#file = site.file(hostNetworkFile(site.procRoot, 'dev'));
    this.#table = new InterfaceTable(site, isShownInterface, true);
  }

  sample(): void {
    this.#table.sample(this.#file);
  }

  close(): void {
    this.#file.close();
  }
}
