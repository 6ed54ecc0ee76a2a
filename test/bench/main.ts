/** `npm run bench -- NAME`: one JSON line a figure, then a checksum. Progress goes to stderr. */

import { benches } from './benches.ts';
import { Figures } from './figures.ts';

const [name = '', ...args] = process.argv.slice(2);
const load = Object.hasOwn(benches, name) ? benches[name] : undefined;
if (load === undefined) {
  const all = await Promise.all(Object.values(benches).map((one) => one()));
  const list = all.map((one) => `  ${one.name.padEnd(10)} ${one.summary}`).join('\n');
  process.stderr.write(`usage: npm run bench -- NAME\n${list}\n`);
  process.exit(2);
}
const bench = await load();
const figures = new Figures((line) => process.stdout.write(`${line}\n`));
await bench.run({ figures, args, say: (text) => process.stderr.write(`${text}\n`), environment: process.env });
figures.end();
process.exit(0);
