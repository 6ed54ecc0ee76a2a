/** What monitors measure: only where somebody declared one, or an alert rule asks for the metric. */
import { gauge, type MetricDefinition } from './metric.ts';

const port = { on: 'host', tags: ['port', 'protocol'] } as const;
const process = { on: 'host', tags: ['name', 'cmdline'] } as const;
const url = { on: 'host', tags: ['url', 'timeout'] } as const;
const log = { tags: ['name'] } as const;

export const monitorMetrics: readonly MetricDefinition[] = [
  gauge('net.port.listen', 'bool', '1 while somebody listens on the port', port),
  gauge('net.port.connect.ms', 'ms', 'Time that a TCP connection to the port took', { ...port, decimals: 2 }),
  gauge('proc.num', 'count', 'Processes of this name or command line', process),
  gauge('proc.cpu.cores', 'cores', 'Cores in use by these processes', { ...process, decimals: 4 }),
  gauge('proc.mem.rss.bytes', 'bytes', 'Resident memory of these processes, shared pages counted in each', process),
  gauge('proc.fds', 'count', 'Open files of these processes; absent where they may not be looked at', process),
  gauge('proc.threads', 'count', 'Threads of these processes', process),
  gauge('proc.uptime.s', 's', 'Age of the youngest of these processes', process),
  gauge('url.check.health', 'bool', '1 while the address answers as it should', url),
  gauge('url.check.status', 'count', 'Status of the answer', url),
  gauge('url.check.ms', 'ms', 'Time until the answer was read', { ...url, decimals: 2 }),
  gauge('url.check.body.match', 'bool', '1 while the body matches its expression', url),
  gauge('url.check.certificate.days', 'count', 'Days until the certificate expires; negative when it has', {
    ...url,
    decimals: 2,
  }),
  gauge('log.lines', 'events/s', 'Lines read', { ...log, decimals: 2 }),
  gauge('log.matches', 'count', 'Lines that matched since the value before', log),
  gauge('log.rate', 'events/s', 'Lines that matched', { ...log, decimals: 2 }),
  gauge('log.value.sum', 'count', 'Sum of the captured numbers since the value before', { ...log, decimals: 6 }),
  gauge('log.value.avg', 'count', 'Mean of the captured numbers', { ...log, decimals: 6 }),
  gauge('log.value.min', 'count', 'Least captured number', { ...log, decimals: 6 }),
  gauge('log.value.max', 'count', 'Greatest captured number', { ...log, decimals: 6 }),
  gauge('log.value.quantile', 'count', 'Quantile of the captured numbers, exact to 1 %', {
    tags: ['name', 'q'],
    decimals: 6,
  }),
  gauge('log.lag.bytes', 'bytes', 'Written to the log and not read yet', log),
];
