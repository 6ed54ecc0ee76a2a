import { type Command, type Terminal, UsageError } from '../command.ts';
import { readText } from '../file.ts';
import { parseFlags, refusePositionals } from '../flags.ts';
import { topAnswerSchema } from '../top/answer.ts';
import { LocalSource } from '../top/readings/local-source.ts';
import { ServerSource } from '../top/readings/server-source.ts';
import type { Source } from '../top/readings/source.ts';
import { isFullScreen } from '../top/screen.ts';
import { runTop, topOnce } from '../top/top.ts';
import { sortableColumns, viewNames } from '../top/view/columns.ts';
import { unitSystems } from '../top/view/units.ts';
import { firstState, kinds, type ViewState } from '../top/view/view-state.ts';

const text = { type: 'string' } as const;
const yes = { type: 'boolean' } as const;
const spec = {
  server: text,
  'token-file': text,
  'docker-socket': text,
  'podman-socket': text,
  'cgroup-root': text,
  'proc-root': text,
  sort: text,
  reverse: yes,
  filter: text,
  only: text,
  view: text,
  units: text,
  width: text,
  once: yes,
  json: yes,
  schema: yes,
  'no-color': yes,
} as const;

type Flags = ReturnType<typeof parseFlags<typeof spec>>['flags'];

const WIDTH_MIN = 20;
const WIDTH_MAX = 1000;
/** Of a table that goes to a file: every column of the overview. */
const WIDTH_DEFAULT = 160;

export const topCommand: Command = {
  name: 'top',
  summary: 'show hosts and containers in the terminal, live',
  help: `Usage: saker top [flags]

Shows cpu, load, memory, network, block I/O, processes and OOM kills of this host and its containers, every second, as
measured here by the collector's own probes; no server is needed. Inside a container it shows that container by its own
cgroup, and not the machine around it. With --server it shows everything that a server knows, from its live stream.

  --server URL           a server, e.g. http://127.0.0.1:7070 (this host)
  --token-file FILE      and a file that holds a token of scope api for it
  --sort COLUMN          ${wrap(sortableColumns.map(({ id }) => id))} (cpu)
  --reverse              the other way round
  --filter TEXT          only what has TEXT in its name, image or a label=value
  --only KIND            ${kinds.join(', ')} (all)
  --view VIEW            ${viewNames.join(', ')} (overview)
  --units UNITS          ${unitSystems.join(', ')}: steps of 1024, of 1000, plain bytes (iec)
  --once                 print one table and end; so does output that is no terminal
  --json                 print one JSON document and end; docs/collector/top.md describes it
  --schema               print the JSON Schema of that document
  --width CELLS          width of the table that --once prints (the terminal's, or ${WIDTH_DEFAULT})
  --no-color             no colours; so does the environment variable NO_COLOR
  --docker-socket PATH   Docker's unix socket, "none" for none (/var/run/docker.sock)
  --podman-socket PATH   Podman's, the same (/run/podman/podman.sock)
  --cgroup-root DIR      where the cgroups are mounted (/sys/fs/cgroup)
  --proc-root DIR        where the proc file system is mounted (/proc)

Keys are shown at the bottom of the screen; ? explains them and the columns.`,
  run: async (args, terminal) => {
    const { flags, positionals } = parseFlags(args, spec);
    refusePositionals(positionals);
    const { streams, out, err } = terminal;
    if (flags.schema === true) {
      out(JSON.stringify(topAnswerSchema, null, 2));
      return 0;
    }
    const isOnce = flags.once === true || flags.json === true || !isFullScreen(streams);
    const state = stateOf(flags);
    const width = widthOf(flags.width, streams.stdout.columns);
    const source = await sourceOf(flags, terminal);
    if (!isOnce) {
      await runTop({ ...terminal, source, state, colour: flags['no-color'] !== true });
      return 0;
    }
    const picture = await topOnce({ ...terminal, source, state, json: flags.json === true, width });
    out(picture);
    if (source.note !== null && flags.json !== true) err(`saker top: ${source.note}`);
    return 0;
  },
};

async function sourceOf(flags: Flags, { clock }: Terminal): Promise<Source> {
  const { server, 'token-file': tokenFile } = flags;
  if (server === undefined) {
    if (tokenFile !== undefined) throw new UsageError('--token-file goes with --server');
    return new LocalSource({
      clock,
      cgroupRoot: flags['cgroup-root'] ?? '/sys/fs/cgroup',
      procRoot: flags['proc-root'] ?? '/proc',
      dockerSocket: socketOf(flags['docker-socket'], '/var/run/docker.sock'),
      podmanSocket: socketOf(flags['podman-socket'], '/run/podman/podman.sock'),
    });
  }
  const isAddress = URL.canParse(server) && /^https?:$/.test(new URL(server).protocol);
  if (!isAddress) throw new UsageError('--server takes an address like http://127.0.0.1:7070');
  if (tokenFile === undefined) throw new UsageError('--server needs --token-file, a file with a token of scope api');
  return new ServerSource({ url: server.replace(/\/+$/, ''), token: (await readText(tokenFile)).trim(), clock });
}

const socketOf = (flag: string | undefined, usual: string): string | null => (flag === 'none' ? null : (flag ?? usual));

function stateOf(flags: Flags): ViewState {
  const sort = oneOf(
    '--sort',
    flags.sort,
    sortableColumns.map(({ id }) => id),
  );
  const isDescending = (sort ?? firstState.sort) !== 'name';
  return {
    ...firstState,
    sort: sort ?? firstState.sort,
    isDescending: flags.reverse === true ? !isDescending : isDescending,
    filter: flags.filter ?? '',
    kind: oneOf('--only', flags.only, kinds) ?? firstState.kind,
    view: oneOf('--view', flags.view, viewNames) ?? firstState.view,
    units: oneOf('--units', flags.units, unitSystems) ?? firstState.units,
  };
}

function oneOf<Value extends string>(
  flag: string,
  given: string | undefined,
  values: readonly Value[],
): Value | undefined {
  const found = values.find((value) => value === given);
  if (given !== undefined && found === undefined) {
    throw new UsageError(`${flag} takes one of ${values.join(', ')}, not ${JSON.stringify(given)}`);
  }
  return found;
}

function widthOf(given: string | undefined, ofTerminal: number | undefined): number {
  if (given === undefined) return ofTerminal || WIDTH_DEFAULT;
  const width = Number(given);
  if (Number.isInteger(width) && width >= WIDTH_MIN && width <= WIDTH_MAX) return width;
  throw new UsageError(`--width takes a number from ${WIDTH_MIN} to ${WIDTH_MAX}, not ${JSON.stringify(given)}`);
}

/** Words in lines that fit below their flag. */
function wrap(words: readonly string[]): string {
  const lines = [''];
  for (const word of words) {
    const line = lines.at(-1) ?? '';
    if (line.length + word.length > 80) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.join(`\n${' '.repeat(25)}`);
}
