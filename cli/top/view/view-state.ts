/** What the person has chosen, and what a key makes of it: a pure function. */
import { columnsOf, type ViewName, viewNames } from './columns.ts';
import { type UnitSystem, unitSystems } from './units.ts';

export const kinds = ['all', 'hosts', 'containers'] as const;
export type Kind = (typeof kinds)[number];

export type ViewState = {
  readonly view: ViewName;
  /** Id of a column. */
  readonly sort: string;
  readonly isDescending: boolean;
  readonly filter: string;
  /** The filter is being typed. */
  readonly isTyping: boolean;
  readonly kind: Kind;
  readonly units: UnitSystem;
  /** First row shown. */
  readonly top: number;
  readonly isPaused: boolean;
  readonly isHelp: boolean;
  /** First line of the help shown. */
  readonly helpTop: number;
};

export const firstState: ViewState = {
  view: 'overview',
  sort: 'cpu',
  isDescending: true,
  filter: '',
  isTyping: false,
  kind: 'all',
  units: 'iec',
  top: 0,
  isPaused: false,
  isHelp: false,
  helpTop: 0,
};

/** What the screen shows now, which some keys depend on. */
export type Extent = { readonly rowCount: number; readonly pageSize: number; readonly helpLineCount: number };

const ENDLESS = { width: Number.MAX_SAFE_INTEGER, coreCount: 0, units: 'iec' } as const;

const FILTER_LENGTH_MAX = 100;

/** The state after a key; 'quit' when the person wants to leave. Unknown keys change nothing. */
export function press(state: ViewState, key: string, extent: Extent): ViewState | 'quit' {
  if (key === 'ctrl-c') return 'quit';
  if (state.isTyping) return typeFilter(state, key);
  if (state.isHelp) return readHelp(state, key, extent);
  const top = scrolled(state.top, key, extent);
  return top !== null ? { ...state, top } : (sorted(state, key) ?? chosen(state, key));
}

function readHelp(state: ViewState, key: string, { helpLineCount, pageSize }: Extent): ViewState {
  if (key === 'q' || key === '?' || key === 'escape') return { ...state, isHelp: false, helpTop: 0 };
  const helpTop = scrolled(state.helpTop, key, { rowCount: helpLineCount, pageSize });
  return helpTop === null ? state : { ...state, helpTop };
}

function typeFilter(state: ViewState, key: string): ViewState {
  if (key === 'enter') return { ...state, isTyping: false };
  if (key === 'escape') return { ...state, isTyping: false, filter: '', top: 0 };
  if (key === 'backspace') return { ...state, filter: [...state.filter].slice(0, -1).join(''), top: 0 };
  const isCharacter = [...key].length === 1 && key >= ' ';
  if (!isCharacter || state.filter.length >= FILTER_LENGTH_MAX) return state;
  return { ...state, filter: state.filter + key, top: 0 };
}

/** Where a list that is scrolled to `top` begins after the key; null for a key that does not scroll. */
function scrolled(top: number, key: string, { rowCount, pageSize }: Omit<Extent, 'helpLineCount'>): number | null {
  const steps = new Map([
    ['up', -1],
    ['k', -1],
    ['down', 1],
    ['j', 1],
    ['page-up', -pageSize],
    ['page-down', pageSize],
    ['home', -rowCount],
    ['end', rowCount],
  ]);
  const step = steps.get(key);
  if (step === undefined) return null;
  const last = Math.max(0, rowCount - pageSize);
  return Math.min(last, Math.max(0, top + step));
}

const QUICK_SORTS: ReadonlyMap<string, string> = new Map([
  ['c', 'cpu'],
  ['m', 'mem'],
  ['n', 'name'],
  ['i', 'in'],
  ['l', 'load1'],
]);

function sorted(state: ViewState, key: string): ViewState | null {
  if (key === 'r') return { ...state, isDescending: !state.isDescending };
  const sort = QUICK_SORTS.get(key) ?? neighbour(state, key);
  if (sort === null) return null;
  // Names read from A to Z, figures from the largest.
  return { ...state, sort, isDescending: sort !== 'name', top: 0 };
}

/** The column beside the one that is sorted by, in the view as a wide terminal shows it. */
function neighbour(state: ViewState, key: string): string | null {
  const step = key === 'left' || key === '<' ? -1 : key === 'right' || key === '>' ? 1 : 0;
  if (step === 0) return null;
  const columns = columnsOf(state.view === 'cores' ? 'overview' : state.view, ENDLESS);
  const at = columns.findIndex(({ id }) => id === state.sort);
  return columns[Math.min(columns.length - 1, Math.max(0, at + step))]?.id ?? state.sort;
}

function chosen(state: ViewState, key: string): ViewState | 'quit' {
  const view = viewNames[Number(key) - 1];
  if (view !== undefined) return { ...state, view };
  switch (key) {
    case 'q':
      return 'quit';
    case 'tab':
      return { ...state, view: after(viewNames, state.view) };
    case 'p':
      return { ...state, view: state.view === 'cores' ? 'overview' : 'cores' };
    case '/':
      return { ...state, isTyping: true };
    case 'escape':
      return { ...state, filter: '', top: 0 };
    case 'h':
      return { ...state, kind: after(kinds, state.kind), top: 0 };
    case 'u':
      return { ...state, units: after(unitSystems, state.units) };
    case ' ':
      return { ...state, isPaused: !state.isPaused };
    case '?':
      return { ...state, isHelp: true };
    default:
      return state;
  }
}

function after<Value>(values: readonly Value[], value: Value): Value {
  return values[(values.indexOf(value) + 1) % values.length] ?? value;
}
