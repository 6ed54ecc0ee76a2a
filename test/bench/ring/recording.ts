import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

/** Seconds × series, one `Float64Array` a series; series of one endpoint are neighbours. */
export type Recording = { readonly seconds: number; readonly endpoints: readonly RecordedEndpoint[] };
export type RecordedEndpoint = { readonly name: string; readonly columns: readonly Float64Array[] };

const ownFile = fileURLToPath(
  new URL(
    import.meta.url.endsWith('.ts')
      ? '../../fixtures/container-1hz/container-1hz.csv.gz'
      : '../../../../test/fixtures/container-1hz/container-1hz.csv.gz',
    import.meta.url,
  ),
);

/** Reads a recording in the form of `test/fixtures/container-1hz`. */
export async function readRecording(file = ownFile): Promise<Recording> {
  const [header = '', ...rows] = gunzipSync(await readFile(file))
    .toString('utf8')
    .trim()
    .split('\n');
  const names = header.split(',').slice(1);
  const columns = names.map(() => new Float64Array(rows.length));
  rows.forEach((row, second) => {
    row
      .split(',')
      .slice(1)
      .forEach((cell, index) => {
        const column = columns[index];
        if (column !== undefined) column[second] = Number(cell);
      });
  });
  const byEndpoint = new Map<string, Float64Array[]>();
  names.forEach((name, index) => {
    const endpoint = name.split('/').slice(0, 2).join('/');
    const list = byEndpoint.get(endpoint) ?? [];
    list.push(columns[index] as Float64Array);
    byEndpoint.set(endpoint, list);
  });
  const endpoints = [...byEndpoint].map(([name, list]) => ({ name, columns: list }));
  return { seconds: rows.length, endpoints };
}

/** Only the series that ever change, which a compressor can not get for nothing. */
export function onlyChanging({ seconds, endpoints }: Recording): Recording {
  const changing = endpoints.map(({ name, columns }) => ({
    name,
    columns: columns.filter((column) => column.some((value) => value !== column[0])),
  }));
  return { seconds, endpoints: changing.filter(({ columns }) => columns.length > 0) };
}
