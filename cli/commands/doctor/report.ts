import { type Static, Type } from 'typebox';
import { version } from '../../../core/index.ts';
import type { Finding, Status } from './check.ts';

const statusSchema = Type.Union([
  Type.Literal('ok'),
  Type.Literal('note'),
  Type.Literal('warning'),
  Type.Literal('problem'),
  Type.Literal('skipped'),
]);

export const doctorAnswerSchema = Type.Object(
  {
    schema: Type.Literal('saker.doctor/1'),
    version: Type.String(),
    findings: Type.Array(
      Type.Object({
        id: Type.String({ description: 'Stable, for scripts' }),
        title: Type.String(),
        status: statusSchema,
        result: Type.String({ description: 'What is so, with figures' }),
        why: Type.String({ description: 'What it means' }),
        fix: Type.Union([Type.String(), Type.Null()], { description: 'The command or setting that fixes it' }),
      }),
    ),
  },
  { $id: 'saker.doctor/1' },
);

export type DoctorAnswer = Static<typeof doctorAnswerSchema>;

export function doctorAnswer(findings: readonly Finding[]): DoctorAnswer {
  return { schema: 'saker.doctor/1', version, findings: [...findings] };
}

const MARKS: Readonly<Record<Status, string>> = {
  ok: 'ok     ',
  note: 'note   ',
  warning: 'WARNING',
  problem: 'PROBLEM',
  skipped: '-      ',
};

/** One line each; what is not as it should be says why it matters and what to do. */
export function doctorText(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ title }) => title.length));
  const lines = findings.flatMap(({ status, title, result, why, fix }) => {
    const head = `${MARKS[status]}  ${title.padEnd(width)}  ${result}`;
    if (status === 'ok' || status === 'skipped') return [head];
    const indent = ' '.repeat(MARKS.ok.length + 2);
    return [head, `${indent}why: ${why}`, ...(fix === null ? [] : [`${indent}fix: ${fix}`])];
  });
  return [...lines, '', summary(findings)].join('\n');
}

function summary(findings: readonly Finding[]): string {
  const count = (status: Status): number => findings.filter((finding) => finding.status === status).length;
  const [problems, warnings] = [count('problem'), count('warning')];
  if (problems + warnings === 0) return 'Nothing has to be done.';
  return `${problems} to fix now, ${warnings} to look at soon.`;
}
