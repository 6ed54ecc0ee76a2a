/** Reads one rule of a rules file, in a template or on its own. */
import { type Expression, nearestName, type Reader, readExpression, type Test, testsOf } from '../../../core/index.ts';
import { type Hours, isTimeZone, readStretch, type Stretch } from '../hours.ts';
import { type Dependency, type Rule, slugOf } from '../rule.ts';
import { readWhere } from '../where.ts';
import type { Context } from './context.ts';
import { readDuration } from './duration.ts';
import type { Fields } from './fields.ts';
import { checkNote } from './note.ts';
import { readAggregate } from './read-aggregate.ts';

/** An alert shows its deliveries, and one read of the state store gives 10,000 rows: 1,000 alerts × 8. */
const NOTIFY_MAX = 8;
const STRETCHES_MAX = 16;
const DEPENDENCIES_MAX = 8;

const MAX_STEP_DEFAULT = 3;
/** Open-Falcon's `minInterval`. */
const MIN_INTERVAL_DEFAULT_SECONDS = 300;
const PRIORITY_DEFAULT = 3;

const LACKS_METRIC = 'a rule lacks "metric"; add "metric: …"';

const ruleKeys = [
  'name',
  'enabled',
  'metric',
  'aggregate',
  'where',
  'condition',
  'recovery',
  'hours',
  'time_zone',
  'depends_on',
  'priority',
  'max_step',
  'min_interval',
  'note',
  'notify',
];
const wholeCondition = 'write the whole condition in one line: condition: all(#3) > 80';
const ruleHints = {
  func: wholeCondition,
  op: wholeCondition,
  operator: wholeCondition,
  right_value: wholeCondition,
  tags: 'tags go under where: { tags: { … } }',
  labels: 'labels go under where: { labels: { … } }',
  channels: 'a rule names its channels under notify: [name]',
  run_begin: 'write hours: ["09:00-18:00"]',
  run_end: 'write hours: ["09:00-18:00"]',
};

/** The rule, or undefined after its faults were told. */
export function readRule(fields: Fields, context: Context, template: string | null = null): Rule | undefined {
  const before = context.faultCount();
  fields.rejectUnknown(ruleKeys, ruleHints);
  const name = readName(fields);
  const aggregate = readAggregate(fields, context);
  const metric = readMetric(fields, context, fields.value('aggregate') === undefined ? undefined : (name ?? ''));
  const where = readWhere(fields, metric, context.metricOf);
  const condition = readCondition(fields, 'condition', metric, context);
  if (metric === undefined && isWithoutMetric(fields, condition)) fields.faultAt(fields.offset, LACKS_METRIC);
  const recovery = fields.value('recovery') === undefined ? null : readCondition(fields, 'recovery', metric, context);
  const note = fields.written('note', { max: 500 });
  if (note !== undefined) checkNote(note, (offset, message) => fields.faultAt(offset, message));
  const rest = {
    where,
    aggregate,
    hours: readHours(fields),
    dependsOn: readDependencies(fields, context),
    priority: fields.integer('priority', { min: 0, max: 6 }) ?? PRIORITY_DEFAULT,
    maxStep: fields.integer('max_step', { min: 0, max: 100_000 }) ?? MAX_STEP_DEFAULT,
    minIntervalSeconds: readDuration(fields, 'min_interval') ?? MIN_INTERVAL_DEFAULT_SECONDS,
    note: note?.text ?? '',
    notify: readNotify(fields, context) ?? [],
    template,
    enabled: fields.boolean('enabled') ?? true,
  };
  if (name === undefined || condition === undefined || recovery === undefined) return undefined;
  const lead = leadOf(condition, metric);
  if (lead === undefined) return undefined;
  if (recovery !== null) checkRecovery(fields, condition, recovery);
  if (context.faultCount() > before) return undefined;
  const slug = template === null ? slugOf(name) : `${template}.${slugOf(name)}`;
  return { name, slug, ...lead, recovery: recovery && about(recovery, lead.metric), ...rest, written: fields.all };
}

/** A rule is about its `metric`, or where it has none about that of its first test. */
function leadOf(
  condition: Expression,
  metric: string | undefined,
): Pick<Rule, 'metric' | 'condition' | 'expression'> | undefined {
  const tests = testsOf(condition);
  const name = metric ?? tests[0]?.metric ?? undefined;
  const first = tests.find((test) => test.metric === null || test.metric === name);
  if (
    name === undefined ||
    first === undefined ||
    (metric === undefined && tests.some((test) => test.metric === null))
  ) {
    return undefined;
  }
  const whole = about(condition, name);
  const isPlain = whole.kind === 'test' && whole.test.condition.func !== 'seasonal';
  return { metric: name, condition: first.condition, expression: isPlain ? null : whole };
}

/** The expression with the metric of its rule left out. */
function about(expression: Expression, metric: string): Expression {
  if (expression.kind === 'test') {
    const { test } = expression;
    return test.metric === metric ? { kind: 'test', test: { ...test, metric: null } } : expression;
  }
  if (expression.kind === 'not') return { kind: 'not', operand: about(expression.operand, metric) };
  return { kind: expression.kind, operands: expression.operands.map((operand) => about(operand, metric)) };
}

/** A rule without a metric of its own names one in each test. */
function isWithoutMetric(fields: Fields, condition: Expression | undefined): boolean {
  if (fields.value('metric') !== undefined || fields.value('condition') === undefined) return false;
  return condition !== undefined && testsOf(condition).some((test) => test.metric === null);
}

function checkRecovery(fields: Fields, condition: Expression, recovery: Expression): void {
  const isNodata = (test: Test): boolean => test.condition.func === 'nodata';
  if (testsOf(condition).some(isNodata) || testsOf(recovery).some(isNodata)) {
    fields.fault('recovery', 'an alert of nodata ends with the next sample; remove the line');
  }
}

function readName(fields: Fields): string | undefined {
  const written = fields.written('name', { required: true, max: 100 });
  if (written === undefined || slugOf(written.text) !== '') return written?.text;
  fields.faultAt(written.offset, `the name "${written.text}" has no letter or digit; give the rule a name with words`);
  return undefined;
}

/** An aggregate makes a metric of its own: that of its rule's name, where the rule gives none. */
function readMetric(fields: Fields, context: Context, aggregateOf: string | undefined): string | undefined {
  const written = fields.written('metric', { max: 128 });
  if (aggregateOf !== undefined) {
    if (written === undefined) return `aggregate.${slugOf(aggregateOf)}`;
    if (/^[A-Za-z_][A-Za-z0-9_.:-]*$/.test(written.text)) return written.text;
    fields.faultAt(written.offset, `"${written.text}" is no name for a metric; write letters, digits and _ . : -`);
    return undefined;
  }
  if (written === undefined) {
    if (fields.value('condition') === undefined) fields.faultAt(fields.offset, LACKS_METRIC);
    return undefined;
  }
  return context.knowsMetric(written) ? written.text : undefined;
}

function readCondition(
  fields: Fields,
  key: 'condition' | 'recovery',
  metric: string | undefined,
  context: Context,
): Expression | undefined {
  const written = fields.written(key, { required: key === 'condition', max: 1000 });
  if (written === undefined) return undefined;
  const reader: Reader = {
    metric,
    knowsMetric: (name) => context.knowsMetric(name),
    unitOf: (name) => context.metricOf(name)?.unit,
    fault: (offset, message) => void fields.faultAt(offset, message),
  };
  const found = readExpression(written, reader);
  for (const test of found === undefined ? [] : testsOf(found)) {
    const stray = strayTags(test, metric, context);
    if (stray !== undefined) fields.faultAt(written.offset, stray);
  }
  return found;
}

/** A second metric is looked up beside the first: it must not have more series than that. */
function strayTags({ metric: other }: Test, metric: string | undefined, context: Context): string | undefined {
  const [main, beside] = [metric, other ?? undefined].map((name) =>
    name === undefined ? undefined : context.metricOf(name),
  );
  if (main === undefined || beside === undefined) return undefined;
  const more = beside.tags.filter((tag) => !main.tags.includes(tag));
  if (more.length === 0) return undefined;
  return `"${other}" has one series for each ${more.join(' and ')}, and "${metric}" has not; write metric: ${other} and name "${metric}" in its test`;
}

function readHours(fields: Fields): Hours | null {
  const written = fields.texts('hours', STRETCHES_MAX);
  const zone = fields.written('time_zone');
  if (zone !== undefined && !isTimeZone(zone.text)) {
    fields.faultAt(zone.offset, `unknown time zone "${zone.text}"; write a name such as Asia/Shanghai or UTC`);
    return null;
  }
  if (zone !== undefined && written.length === 0)
    fields.fault('time_zone', '"time_zone" is of no use without "hours"; add hours: ["09:00-18:00"]');
  const stretches = written.flatMap(({ text, offset }): readonly Stretch[] => {
    const read = readStretch(text);
    if ('stretch' in read) return [read.stretch];
    fields.faultAt(offset, read.fault);
    return [];
  });
  if (stretches.length === 0) return null;
  const timeZone = zone?.text ?? 'UTC';
  return { timeZone, stretches, text: `${written.map(({ text }) => text).join(', ')} ${timeZone}` };
}

/** `depends_on: [host down]`, or with how near: `[{ rule: host down, same: host }]`; a bare name means the same host. */
function readDependencies(fields: Fields, context: Context): readonly Dependency[] {
  return fields.maps('depends_on', DEPENDENCIES_MAX, 'rule').flatMap((entry) => {
    entry.rejectUnknown(['rule', 'same']);
    const written = entry.written('rule', { required: true, max: 100 });
    const same = entry.oneOf('same', ['endpoint', 'host', 'any']) ?? 'host';
    if (written === undefined) return [];
    const slug = context.ruleSlug(written.text);
    if (slug !== undefined) return [{ slug, name: written.text, same }];
    const near = nearestName(written.text, context.ruleNames);
    const advice = near === undefined ? 'write the name of a rule of this file' : `did you mean "${near}"?`;
    entry.faultAt(written.offset, `unknown rule "${written.text}"; ${advice}`);
    return [];
  });
}

/** Undefined where the key is absent. */
export function readNotify(fields: Fields, { channelNames }: Context): readonly string[] | undefined {
  if (fields.value('notify') === undefined) return undefined;
  const names = new Set<string>();
  for (const { text, offset } of fields.texts('notify', NOTIFY_MAX)) {
    if (channelNames.includes(text)) {
      names.add(text);
      continue;
    }
    const near = nearestName(text, channelNames);
    const known = channelNames.length === 0 ? 'the file has no channels' : `the file has ${channelNames.join(', ')}`;
    fields.faultAt(offset, `unknown channel "${text}"; ${near === undefined ? known : `did you mean "${near}"?`}`);
  }
  return [...names];
}
