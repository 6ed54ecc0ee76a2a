/**
 * Which addresses a message may go to. A webhook's URL is outside input: without this check it
 * could make the server speak to its own neighbours (SSRF). The lists are IANA's special-purpose
 * registries (RFC 6890 and its successors).
 */
import { BlockList, isIP } from 'node:net';

/** `internal`: only for a channel that asks for it. `never`: for none. `name`: not an address; ask after resolving. */
export type AddressClass = 'public' | 'internal' | 'never' | 'name';

const internal = blockList([
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10], // Carrier-grade NAT.
  ['::1', 128],
  ['fc00::', 7],
]);

/**
 * The link-local range holds the clouds' metadata services, which hand out credentials. 0.0.0.0 is a
 * second name of the own machine. NAT64, 6to4 and Teredo wrap an IPv4 address that may be anything.
 */
const never = blockList([
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['::', 96], // The unspecified address, and IPv4 in a form that is no more; ::1 is told apart before.
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
]);

/** Takes an address or the host of a parsed URL (an IPv6 one in brackets). */
export function addressClass(host: string): AddressClass {
  const address = host.startsWith('[') ? host.slice(1, -1) : host;
  const version = isIP(address);
  if (version === 0) return 'name';
  const family = version === 4 ? 'ipv4' : 'ipv6';
  // An IPv4-mapped IPv6 address is looked up among the IPv4 ranges by BlockList itself.
  if (internal.check(address, family)) return 'internal';
  return never.check(address, family) ? 'never' : 'public';
}

function blockList(ranges: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList();
  for (const [net, prefix] of ranges) list.addSubnet(net, prefix, net.includes(':') ? 'ipv6' : 'ipv4');
  return list;
}
