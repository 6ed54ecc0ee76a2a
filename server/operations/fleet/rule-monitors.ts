/**
 * Which monitors the alert rules ask for: a rule on `net.port.listen` with a port is the wish to
 * have that port watched, as in Open-Falcon. Pure.
 */
import { createHash } from 'node:crypto';
import type { WatchedMetric } from '../../../alerting/index.ts';
import { everyDefault, TIMEOUT_DEFAULT_MS } from '../../../collector/index.ts';
import type { MonitorDefinition } from '../../../core/index.ts';

export type RefusedRule = { readonly rule: string; readonly metric: string; readonly reason: string };
export type RuleMonitors = { readonly wanted: readonly MonitorDefinition[]; readonly refused: readonly RefusedRule[] };

/** Metrics that only a monitor measures and that a rule's tags describe completely. */
const makers: readonly (readonly [prefix: string, make: (watched: WatchedMetric) => MonitorDefinition | string])[] = [
  ['net.port.', portOf],
  ['proc.num', processOf],
  ['proc.cpu.cores', processOf],
  ['proc.mem.rss.bytes', processOf],
  ['proc.fds', processOf],
  ['proc.threads', processOf],
  ['proc.uptime.s', processOf],
  ['url.check.', urlOf],
];

/** True for a metric that a rule switches on. */
export const isMadeForRules = (metric: string): boolean => makers.some(([prefix]) => metric.startsWith(prefix));

/** The monitors that one host's rules ask for, one for each thing, however many rules look at it. */
export function monitorsOfRules(watched: readonly WatchedMetric[]): RuleMonitors {
  const byName = new Map<string, MonitorDefinition>();
  const refused: RefusedRule[] = [];
  for (const one of watched) {
    const make = makers.find(([prefix]) => one.metric.startsWith(prefix))?.[1];
    const made = make?.(one);
    if (typeof made === 'string') refused.push({ rule: one.rule, metric: one.metric, reason: made });
    else if (made !== undefined) byName.set(made.name, merged(made, byName.get(made.name)));
  }
  return { wanted: [...byName.values()], refused };
}

/** A rule on the time of a connection makes the connection for the others. */
function merged(monitor: MonitorDefinition, known: MonitorDefinition | undefined): MonitorDefinition {
  return known?.type === 'port' && known.connect !== null ? known : monitor;
}

const isExact = (value: string | undefined): value is string => value !== undefined && !value.includes('*');

function portOf({ metric, tags }: WatchedMetric): MonitorDefinition | string {
  const port = Number(tags.port ?? Number.NaN);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    return 'its tags name no single port; write tags: { port: 8080 }, or declare a port monitor';
  }
  const protocol = tags.protocol === 'udp' ? 'udp' : 'tcp';
  const connect = metric === 'net.port.connect.ms' ? '127.0.0.1' : null;
  const name = nameOf(protocol === 'tcp' ? 'port' : 'port/udp', String(port));
  const every = { everySeconds: everyDefault.port, tags: {} };
  return { name, ...every, type: 'port', port, protocol, connect, timeoutMs: TIMEOUT_DEFAULT_MS };
}

function processOf({ tags }: WatchedMetric): MonitorDefinition | string {
  const { name, cmdline } = tags;
  const isNamed = isExact(name) || isExact(cmdline);
  if (!isNamed || [name, cmdline].some((value) => value?.includes('*'))) {
    return 'its tags name no process; write tags: { name: nginx } or { cmdline: … }, without *';
  }
  const key = nameOf('process', [name ?? '', ...(cmdline === undefined ? [] : [cmdline])].join('/'));
  const every = { everySeconds: everyDefault.process, tags: {} };
  return { name: key, ...every, type: 'process', process: name ?? null, cmdline: cmdline ?? null };
}

function urlOf({ tags }: WatchedMetric): MonitorDefinition | string {
  const { url, timeout } = tags;
  if (!isExact(url) || !/^https?:\/\//.test(url) || !URL.canParse(url)) {
    return 'its tags name no address; write tags: { url: "https://shop.example/health" }, or declare an http monitor';
  }
  if (url.includes('=') || url.length > 255) {
    return 'an address in a tag has no = and at most 255 characters; declare an http monitor with a tag of its own';
  }
  const seconds = timeout === undefined ? TIMEOUT_DEFAULT_MS / 1000 : Number(timeout);
  if (!(seconds >= 0.1 && seconds <= 60)) return `its tag timeout is "${timeout}"; write seconds from 0.1 to 60`;
  return {
    name: nameOf('http', timeout === undefined ? url : `${url}/${timeout}`),
    everySeconds: everyDefault.http,
    // The rule watches series with exactly its tags.
    tags: timeout === undefined ? {} : { timeout },
    type: 'http',
    url,
    method: 'GET',
    statusMin: 200,
    statusMax: 299,
    body: null,
    verifyCertificate: true,
    timeoutMs: Math.round(seconds * 1000),
  };
}

/** A monitor's name from what it watches: the same for the same thing, and another one for another. */
function nameOf(kind: string, thing: string): string {
  const plain = thing.replace(/[\s,]/g, '_').slice(0, 200);
  if (plain === thing) return `${kind}/${thing}`;
  return `${kind}/${plain}~${createHash('sha256').update(thing).digest('hex').slice(0, 8)}`;
}
