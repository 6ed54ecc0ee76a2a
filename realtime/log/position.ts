/** A place in the segment log: the end of a record, or of a segment's header. */
export type LogPosition = { readonly segment: number; readonly offset: number };

export const isBefore = (a: LogPosition, b: LogPosition): boolean =>
  a.segment < b.segment || (a.segment === b.segment && a.offset < b.offset);
