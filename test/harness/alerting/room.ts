/** Alerting with the server's own state store in a folder of its own, and rules from a file. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Alerting, createAlerting, migrations } from '../../../alerting/index.ts';
import { silentLogger, systemClock } from '../../../core/index.ts';
import { openStateStore } from '../../../server/index.ts';

export type Room = { readonly alerting: Alerting; close(): Promise<void> };

export async function openRoom(rules: string): Promise<Room> {
  const folder = await mkdtemp(join(tmpdir(), 'saker-alerting-'));
  const store = await openStateStore(join(folder, 'state.db'), migrations);
  const rulesFile = join(folder, 'rules.yaml');
  await writeFile(rulesFile, rules);
  const alerting = await createAlerting({
    store,
    clock: systemClock,
    logger: silentLogger,
    rulesFile,
    publicUrl: 'https://saker.example.org',
    version: 'bench',
    publish: () => {},
  });
  const { error } = alerting.rules();
  if (error !== null) throw new Error(error);
  return {
    alerting,
    async close() {
      await alerting.close();
      await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
