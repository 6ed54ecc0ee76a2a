import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ConsistencyAnswer, HostInventory, MonitorsAnswer, QueryRangeAnswer } from '../../../core/index.ts';
import type { Console } from '../../harness/console.ts';
import { Saker } from '../../harness/saker.ts';
import { until } from '../../harness/waiting.ts';

type HostInventoryAnswer = { readonly hosts: readonly HostInventory[] };

let folder: string;
let saker: Saker;
let person: Console;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'saker-monitors-'));
  await writeFile(join(folder, 'access.log'), 'rt=100\n');
  await writeFile(
    join(folder, 'collector.yaml'),
    `labels: { cluster: shop }
monitors:
  - { name: shop, type: log, files: [${folder}/access.log], match: 'rt=(\\d+)', value: 1 }
`,
  );
  await writeFile(
    join(folder, 'monitors.yaml'),
    `monitors:
  - { name: self, type: process, process: node, every: 1s, where: { node: cluster=shop } }
  - { name: elsewhere, type: process, process: node, where: { labels: { cluster: other } } }
  - { name: script, type: script, script: ${folder}/60_x.sh }
inventory:
  - { where: { host: web-* }, files: ['${folder}/monitors.yaml'] }
baselines:
  - { name: zone, where: { node: cluster=shop }, items: { time.zone: Nowhere/Else } }
`,
  );
  const flags = ['--config', join(folder, 'collector.yaml'), '--monitors', join(folder, 'monitors.yaml')];
  saker = await Saker.start({ flags: [...flags, '--docker-socket', 'none', '--name', 'web-1'] });
  person = await saker.signIn();
});
afterAll(async () => {
  await saker.stop();
  await rm(folder, { recursive: true, force: true });
});

const states = async (): Promise<Map<string, MonitorsAnswer['collectors'][number]['monitors'][number]>> => {
  const answer = await person.get<MonitorsAnswer>('/api/v1/monitors');
  return new Map(
    answer.collectors.flatMap(({ monitors }) => monitors.map((one) => [`${one.origin}:${one.name}`, one])),
  );
};

async function newest(metric: string, tags: Record<string, string>): Promise<number[]> {
  const toMs = Date.now();
  const answer = await person.post<QueryRangeAnswer>('/api/v1/query_range', {
    select: { metrics: [metric], tags },
    fromMs: toMs - 20_000,
    toMs,
    stepSeconds: 1,
  });
  return answer.series.flatMap(({ max }) => max.filter((value): value is number => typeof value === 'number'));
}

describe('monitors', () => {
  test('of the host’s file measure', async () => {
    await until('the log to be followed', async () => (await states()).get('file:shop')?.state === 'ok');
    await appendFile(join(folder, 'access.log'), 'rt=7\nrt=9\n');
    await until('its sum', async () => (await newest('log.value.sum', { name: 'shop' })).includes(16));
  });

  test('of the server run on the hosts of their node, as far as those allow', async () => {
    await until('the process', async () => (await newest('proc.num', { name: 'node' })).some((count) => count >= 3));
    const all = await until('the script to be refused', async () => {
      const found = await states();
      return found.get('server:script')?.state === 'failing' ? found : undefined;
    });
    expect(all.get('server:script')?.error).toMatch(/^this host lets no server run .*60_x.sh/);
    expect(all.has('server:elsewhere')).toBe(false);
  });

  test('are switched on by saving a rule on their metric, and off with it', async () => {
    const port = new URL(saker.url).port;
    const rules = join(saker.dataDirectory, 'rules.yaml');
    const rule = `{ name: p, metric: net.port.listen, where: { tags: { port: ${port} } }, condition: all(#3) == 0 }`;
    await writeFile(rules, `rules:\n  - ${rule}\n`);
    await until('the port to be watched', async () => (await newest('net.port.listen', { port })).includes(1), 20_000);
    const state = await until('its state', async () => (await states()).get(`rule:port/${port}`), 20_000);
    expect(state).toMatchObject({ type: 'port', state: 'ok', error: null });
    await writeFile(rules, 'rules: []\n');
    await until('it to be off', async () => !(await states()).has(`rule:port/${port}`), 20_000);
  });

  test('and hosts are compared with a baseline', async () => {
    const file = `file.${folder}/monitors.yaml.sha256`;
    const [host] = await until('the inventory with the declared file', async () => {
      const { hosts } = await person.get<HostInventoryAnswer>('/api/v1/inventory?host=web-1');
      return hosts.some(({ items }) => file in items) && hosts;
    });
    expect(host?.items['kernel.release']).toMatch(/^\d+\./);
    const path = '/api/v1/consistency?node=cluster=shop&items=time.*';
    expect(await person.get<ConsistencyAnswer>(path)).toMatchObject({
      summary: '1 item, 1 inconsistent',
      hosts: ['web-1'],
      differences: [{ item: 'time.zone', expected: 'Nowhere/Else', from: 'baseline', baseline: 'zone' }],
    });
    expect(await person.get<ConsistencyAnswer>('/api/v1/consistency?node=cluster=other')).toMatchObject({ hosts: [] });
  });

  test('keep what held when a file is saved with a fault, and say which', async () => {
    await writeFile(join(folder, 'collector.yaml'), 'monitors: [{ name: a, type: prot }]\n');
    const collector = await until('the fault', async () => {
      const { collectors } = await person.get<MonitorsAnswer>('/api/v1/monitors');
      return collectors.find(({ fileError }) => fileError !== null);
    });
    expect(collector.fileError).toMatch(
      /collector.yaml:1:23: "type" is "prot"; write log, process, port, http or script$/,
    );
    expect((await states()).get('file:shop')?.state).toBe('ok');
  });
});
