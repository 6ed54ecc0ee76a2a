import type { Path } from '../text/yaml-source.ts';

/** What is told of faults on the way; nothing is thrown, so that all of them are told at once. */
export type Tell = (path: Path, message: string, write: string, ofKey?: boolean) => void;
