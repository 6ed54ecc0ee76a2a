import { groupsFileSchema, groupsFileValidator } from './schema.ts';
import { nearest } from './text/nearest.ts';
import type { Path } from './text/yaml-source.ts';

/** What is wrong with one field, and what a person should write there instead. */
export type Fault = {
  readonly path: Path;
  /** True where the field's name is at fault, not its value. */
  readonly ofKey: boolean;
  readonly message: string;
  readonly write: string;
};

const typeWords: Readonly<Record<string, string>> = {
  integer: 'a whole number',
  number: 'a number',
  string: 'text',
  boolean: 'true or false',
  array: 'a list',
  object: 'a set of fields',
};

/** Faults of form, one a field, in the validator's words made a person's. Never echoes a value. */
export function schemaFaults(value: unknown): Fault[] {
  const byField = new Map<string, Fault>();
  for (const error of groupsFileValidator.Errors(value)) {
    // Each unknown field is told of by an error of its own as well, which knows its name.
    if (error.keyword === 'additionalProperties' || error.keyword === 'anyOf') continue;
    const params: Readonly<Record<string, unknown>> = error.params;
    const path = pathOf(error.instancePath);
    for (const fault of faultsOf(error.keyword, params, path)) {
      const field = JSON.stringify(fault.path);
      if (!byField.has(field)) byField.set(field, fault);
    }
  }
  return [...byField.values()];
}

function faultsOf(keyword: string, params: Readonly<Record<string, unknown>>, path: Path): Fault[] {
  if (keyword === 'boolean') return [unknownField(path)];
  if (keyword === 'required') {
    const missing = Array.isArray(params.requiredProperties) ? params.requiredProperties.map(String) : [];
    return missing.map((name) => {
      const field = [...path, name];
      return { path: field, ofKey: false, message: 'is missing', write: writeFor(field) };
    });
  }
  return [{ path, ofKey: false, message: wordsFor(keyword, params), write: writeFor(path) }];
}

function wordsFor(keyword: string, params: Readonly<Record<string, unknown>>): string {
  const limit = String(params.limit);
  switch (keyword) {
    case 'type':
      return `is not ${typeWords[String(params.type)] ?? String(params.type)}`;
    case 'minimum':
      return `is below ${limit}`;
    case 'maximum':
      return `is above ${limit}`;
    case 'minProperties':
    case 'minLength':
      return 'is empty';
    case 'maxProperties':
    case 'maxItems':
      return `has more than ${limit} entries`;
    case 'maxLength':
      return `is longer than ${limit} characters`;
    default:
      return 'is not written as it must be';
  }
}

function unknownField(path: Path): Fault {
  const known = fieldsAt(path.slice(0, -1));
  const write = writeFor(path.slice(0, -1));
  if (known.length === 0) return { path, ofKey: true, message: 'is not a usable name', write };
  const meant = nearest(String(path.at(-1)), known);
  const advice = meant === null ? `one of: ${known.join(', ')}` : `"${meant}"`;
  return { path, ofKey: true, message: 'is not a known field', write: advice };
}

/** The fields that the schema knows at `path`; none where any name goes. */
function fieldsAt(path: Path): string[] {
  const properties = record(schemaAt(path)?.properties);
  return properties === undefined ? [] : Object.keys(properties);
}

/** The advice of the field at `path`, or of the nearest enclosing field that has one. */
function writeFor(path: Path): string {
  for (let length = path.length; length >= 0; length--) {
    const write = schemaAt(path.slice(0, length))?.write;
    if (typeof write === 'string') return write;
  }
  return 'what docs/scaling.md shows';
}

function schemaAt(path: Path): Readonly<Record<string, unknown>> | undefined {
  let schema = record(groupsFileSchema);
  for (const step of path) {
    if (schema === undefined) return undefined;
    schema = typeof step === 'number' ? record(schema.items) : record(record(schema.properties)?.[step]);
  }
  return schema;
}

function record(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return isRecord(value) ? value : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The steps of a JSON pointer. List indexes are the only numbers: no field of the file is called by one. */
function pathOf(pointer: string): Path {
  if (pointer === '') return [];
  const steps = pointer.slice(1).split('/');
  return steps.map((step) => (/^[0-9]+$/.test(step) ? Number(step) : step.replaceAll('~1', '/').replaceAll('~0', '~')));
}
