import type { MonitorState, MonitorsAnswer } from '../../../core/api/index.ts';

export type MonitorRow = { readonly key: string; readonly host: string; readonly state: MonitorState };

const order = { failing: 0, starting: 1, ok: 2 } as const;

/** The monitors of all hosts: what fails first, then by name and host. */
export function monitorRows(answer: MonitorsAnswer | null): readonly MonitorRow[] {
  const rows = (answer?.collectors ?? []).flatMap(({ name: host, monitors }) =>
    monitors.map((state) => ({ key: `${host}\n${state.origin}\n${state.type}\n${state.name}`, host, state })),
  );
  const byName = (a: MonitorRow, b: MonitorRow): number =>
    a.state.name.localeCompare(b.state.name) || a.host.localeCompare(b.host);
  return rows.sort((a, b) => order[a.state.state] - order[b.state.state] || byName(a, b));
}
