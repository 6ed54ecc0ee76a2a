/**
 * Reads what the server wants watched. The schemas of monitors bring the schema library with them,
 * 17 MB, which a host without such wishes need not carry: they are loaded with the first wish.
 */
import type { MonitorsMessage } from '../../core/index.ts';

const nothing: MonitorsMessage = { monitors: [], inventory: { packages: [], files: [], sysctls: [] } };

/** Rejects with `FRAME_INVALID`. */
export async function readWantedMonitors(body: unknown): Promise<MonitorsMessage> {
  if (JSON.stringify(body) === JSON.stringify(nothing)) return nothing;
  const { parseMonitorsMessage } = await import('../../core/index.ts');
  return parseMonitorsMessage(body);
}
