/** A monitor as people write it, turned into its definition. */
import type { MonitorDefinition } from '../../../core/index.ts';
import { compileExpression } from '../monitors/expression.ts';
import { secondsOf } from '../monitors/script/script-folder.ts';
import type { ObjectReader } from './object-reader.ts';

const types = ['log', 'process', 'port', 'http', 'script'] as const;
type MonitorType = (typeof types)[number];

/** How often a monitor looks when it does not say. */
export const everyDefault: Readonly<Record<MonitorType, number>> = {
  log: 1,
  process: 10,
  port: 10,
  http: 30,
  script: 60,
};
export const TIMEOUT_DEFAULT_MS = 5000;
const quantilesDefault = [0.5, 0.95, 0.99];

const common = ['name', 'type', 'every', 'tags'];
const keysOf: Readonly<Record<MonitorType, readonly string[]>> = {
  log: [...common, 'files', 'container', 'match', 'exclude', 'value', 'quantiles'],
  process: [...common, 'process', 'cmdline'],
  port: [...common, 'port', 'protocol', 'connect', 'timeout'],
  http: [...common, 'url', 'method', 'status', 'body', 'verify_certificate', 'timeout'],
  script: [...common, 'script', 'folder', 'args', 'timeout'],
};

const absolute = { form: /^\/[^\0]*[^\0/]$/, advice: 'a path that begins with /', max: 500 } as const;

type Base = { readonly name: string; readonly everySeconds: number; readonly tags: Record<string, string> };

/** Undefined, with its faults noted, for one that is not well-formed. `moreKeys` are the caller's to read. */
export function readMonitor(reader: ObjectReader, moreKeys: readonly string[] = []): MonitorDefinition | undefined {
  const type = reader.oneOf('type', types, true);
  const name = reader.text('name', {
    required: true,
    max: 100,
    form: /^[A-Za-z0-9_][A-Za-z0-9_./-]*$/,
    advice: 'letters, digits and _ . / - without spaces',
  });
  if (type === undefined) return undefined;
  const fields = reader.as(`a ${type} monitor`);
  fields.rejectUnknown([...keysOf[type], ...moreKeys]);
  const base: Base = {
    name: name ?? '',
    everySeconds: Math.round(fields.seconds('every', { min: 1, max: 86_400 }) ?? everyDefault[type]),
    tags:
      fields.map('tags', { entriesMax: 16, keyForm: /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/, valueForm: /^[^,=]*$/ }) ?? {},
  };
  const definition = readers[type](fields, base);
  return name === undefined ? undefined : definition;
}

/** Notes the expressions of a monitor that RE2 does not take. */
export async function checkExpressions(definition: MonitorDefinition, reader: ObjectReader): Promise<void> {
  const written = definition.type === 'log' ? { match: definition.match, exclude: definition.exclude } : {};
  const expressions = definition.type === 'http' ? { body: definition.body } : written;
  for (const [key, text] of Object.entries(expressions)) {
    if (text === null || text === undefined) continue;
    await compileExpression(text, key).catch((error: Error) => reader.fault(key, error.message));
  }
}

const readers: Readonly<Record<MonitorType, (fields: ObjectReader, base: Base) => MonitorDefinition | undefined>> = {
  log: readLog,
  process: readProcess,
  port: readPort,
  http: readHttp,
  script: readScript,
};

function readLog(fields: ObjectReader, base: Base): MonitorDefinition | undefined {
  const files = fields.texts('files', { ...absolute, itemsMax: 32 }) ?? [];
  const container = fields.text('container') ?? null;
  const match = fields.text('match', { required: true, max: 1024 });
  const value = fields.text('value', { max: 64 }) ?? null;
  const quantiles = fields.numbers('quantiles', { above: 0, below: 1, itemsMax: 8 });
  const exclude = fields.text('exclude', { max: 1024 }) ?? null;
  const hasSource = fields.keys.includes('files') || fields.keys.includes('container');
  if (!hasSource) fields.fault('name', 'a log monitor lacks "files"; add "files: [/path]" or "container: name"');
  if (value === null && quantiles !== undefined) {
    fields.fault(
      'quantiles',
      '"quantiles" are of a captured number; add "value: GROUP", the group of "match" that holds it',
    );
  }
  if (match === undefined) return undefined;
  const wanted = value === null ? [] : [...(quantiles ?? quantilesDefault)];
  return { ...base, type: 'log', files: [...files], container, match, exclude, value, quantiles: wanted };
}

function readProcess(fields: ObjectReader, base: Base): MonitorDefinition | undefined {
  const tagForm = { form: /^[^,=]+$/, advice: 'text without a comma and without =, which would end the tag' };
  const process = fields.text('process', { max: 64, ...tagForm }) ?? null;
  const cmdline = fields.text('cmdline', tagForm) ?? null;
  if (!fields.keys.includes('process') && !fields.keys.includes('cmdline')) {
    return fields.fault('name', 'a process monitor lacks "process"; add "process: NAME" or "cmdline: TEXT"');
  }
  return { ...base, type: 'process', process, cmdline };
}

function readPort(fields: ObjectReader, base: Base): MonitorDefinition | undefined {
  const port = fields.integer('port', { min: 1, max: 65_535, required: true });
  const protocol = fields.oneOf('protocol', ['tcp', 'udp']) ?? 'tcp';
  const connect = fields.text('connect', { form: /^[A-Za-z0-9.:_-]+$/, advice: 'an address or a host name' }) ?? null;
  const timeoutMs = readTimeout(fields) ?? TIMEOUT_DEFAULT_MS;
  if (connect !== null && protocol === 'udp') fields.fault('connect', 'UDP has no connections; remove the line');
  return port === undefined ? undefined : { ...base, type: 'port', port, protocol, connect, timeoutMs };
}

function readHttp(fields: ObjectReader, base: Base): MonitorDefinition | undefined {
  const url = fields.text('url', {
    required: true,
    max: 1024,
    form: /^https?:\/\/[^\s/]+/,
    advice: 'an address like https://shop.example/health',
  });
  const method = fields.oneOf('method', ['GET', 'HEAD']) ?? 'GET';
  const [statusMin, statusMax] = readStatus(fields);
  const body = fields.text('body', { max: 1024 }) ?? null;
  const verifyCertificate = fields.boolean('verify_certificate') ?? true;
  const timeoutMs = readTimeout(fields) ?? TIMEOUT_DEFAULT_MS;
  if (url === undefined) return undefined;
  if (!URL.canParse(url))
    return fields.fault('url', `"url" is ${JSON.stringify(url)}; write an address like https://shop.example/health`);
  if (body !== null && method === 'HEAD') fields.fault('body', 'an answer to HEAD has no body; write method: GET');
  return { ...base, type: 'http', url, method, statusMin, statusMax, body, verifyCertificate, timeoutMs };
}

/** `200` or `200-299`. */
function readStatus(fields: ObjectReader): readonly [number, number] {
  const form = /^[1-5]\d\d(-[1-5]\d\d)?$/;
  const text = fields.text('status', { form, advice: 'a status like 200, or a range like 200-299' });
  const [min = '200', max = text === undefined ? '299' : min] = (text ?? '').split('-').filter((part) => part !== '');
  if (Number(min) > Number(max)) fields.fault('status', `"status" is "${text}"; write the smaller one first`);
  return [Number(min), Number(max)];
}

function readScript(fields: ObjectReader, base: Base): MonitorDefinition | undefined {
  const script = fields.text('script', absolute);
  const folder = fields.text('folder', absolute);
  const args = fields.texts('args', { itemsMax: 32, max: 1024 }) ?? [];
  const timeoutMs = readTimeout(fields) ?? null;
  if (fields.keys.includes('script') === fields.keys.includes('folder')) {
    return fields.fault('name', 'a script monitor has either "script: /path/60_name.sh" or "folder: /path"');
  }
  if (fields.keys.includes('folder')) {
    if (fields.keys.includes('args'))
      fields.fault('args', 'the scripts of a folder take no arguments; name one under "script"');
    if (fields.keys.includes('every'))
      fields.fault('every', 'each script of a folder says in its name how often it runs; remove the line');
    // The folder itself is listed again at the common pace; a slash at its end tells it from a script.
    return folder === undefined ? undefined : { ...base, type: 'script', path: `${folder}/`, args: [], timeoutMs };
  }
  if (script === undefined) return undefined;
  const named = secondsOf(script.slice(script.lastIndexOf('/') + 1));
  const everySeconds = fields.keys.includes('every') ? base.everySeconds : (named ?? base.everySeconds);
  return { ...base, everySeconds, type: 'script', path: script, args: [...args], timeoutMs };
}

function readTimeout(fields: ObjectReader): number | undefined {
  const seconds = fields.seconds('timeout', { min: 0.1, max: 60 });
  return seconds === undefined ? undefined : Math.round(seconds * 1000);
}
