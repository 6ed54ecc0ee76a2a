/** Interfaces whose traffic is counted elsewhere too: loopback, bridges, and the host's ends of container links. */
const INNER = /^(lo$|docker|br-|veth|virbr|cni|flannel|cali|tunl|kube-)/;

export function isInnerInterface(name: string): boolean {
  return INNER.test(name);
}
