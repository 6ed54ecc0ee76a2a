/**
 * A rules file as it is read: its text, where each thing stands in it, and the faults found so far.
 * Reading goes on after a fault, so that one look at the list mends the whole file.
 */
import { LineCounter } from 'yaml';

/** Something wrong in a file: where, what, and what to write instead. Lines and columns count from 1. */
export type RuleFault = {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
};

/** A file with more faults than this is not read to its end. */
export const FAULTS_MAX = 50;

/** `file:line:column: message`, which editors and terminals turn into a link. */
export function formatFault(fault: RuleFault): string {
  return `${fault.file}:${fault.line}:${fault.column}: ${fault.message}`;
}

export class Source {
  readonly fileName: string;
  readonly lines = new LineCounter();
  readonly faults: RuleFault[] = [];
  /** Faults that were found, also those beyond the bound of the list. */
  faultCount = 0;

  constructor(fileName: string) {
    this.fileName = fileName;
  }

  /** Notes a fault at a byte offset of the text. */
  fault(offset: number, message: string): void {
    this.faultCount++;
    if (this.faults.length >= FAULTS_MAX) return;
    const { line, col } = this.lines.linePos(offset);
    this.faults.push({ file: this.fileName, line: Math.max(1, line), column: Math.max(1, col), message });
  }
}
