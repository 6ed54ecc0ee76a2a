/**
 * Who listens, from /proc/net/tcp and its like (`Documentation/networking/proc_net_tcp.rst`).
 *
 * The kernel writes listening sockets before all others, so a TCP file is read only as far as the
 * first socket that does not listen: a host with 50,000 connections costs no more than an idle one.
 */
import { closeSync, openSync, readSync } from 'node:fs';

const LISTEN = '0A';
const CHUNK_BYTES = 16 * 1024;
/** 65,536 lines of 150 bytes: every port once. */
const BYTES_MAX = 10 * 1024 * 1024;

/** Ports on which a TCP socket listens, or a UDP socket is bound, in the network namespace of `procRoot`/net. */
export function listeningPorts(procRoot: string, protocol: 'tcp' | 'udp'): ReadonlySet<number> {
  const ports = new Set<number>();
  for (const family of ['', '6']) {
    for (const line of leadingLines(`${procRoot}/net/${protocol}${family}`, protocol === 'tcp')) {
      const [, local = '', , state] = line.trim().split(/\s+/);
      // A UDP socket that is connected to one peer serves nobody else; bound ones are in state 07.
      if (protocol === 'tcp' ? state !== LISTEN : state !== '07') continue;
      const port = Number.parseInt(local.slice(local.lastIndexOf(':') + 1), 16);
      if (port > 0) ports.add(port);
    }
  }
  return ports;
}

/** The lines after the heading; with `untilOther`, reading ends with the first chunk that has a line that does not listen. */
function leadingLines(path: string, untilOther: boolean): readonly string[] {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch {
    return []; // A kernel without IPv6 has no tcp6.
  }
  try {
    const buffer = Buffer.alloc(CHUNK_BYTES);
    let text = '';
    while (text.length < BYTES_MAX) {
      const length = readSync(descriptor, buffer, 0, CHUNK_BYTES, null);
      text += buffer.toString('latin1', 0, length);
      if (length === 0 || (untilOther && hasOther(text))) break;
    }
    return text.split('\n').slice(1, -1);
  } finally {
    closeSync(descriptor);
  }
}

function hasOther(text: string): boolean {
  const last = text.slice(0, text.lastIndexOf('\n')).split('\n').at(-1) ?? '';
  const [number = '', , , state] = last.trim().split(/\s+/);
  return /^\d+:$/.test(number) && state !== LISTEN;
}
