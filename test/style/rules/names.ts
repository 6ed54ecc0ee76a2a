import type { Finding } from '../source-file.ts';

const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/;
/** README.md, CHANGELOG.md, FORMAT.md, LICENSE, Dockerfile: the names under which everybody looks for them. */
const shouted = /^([A-Z]+(\.md)?|Dockerfile)$/;
/** Names that say where the author stopped thinking: words anywhere in a name, and words that are the whole name. */
const emptyWords = new Set(['util', 'utils', 'helper', 'helpers', 'common', 'manager']);
const emptyNames = new Set(['data', 'info']);

/** Files and folders are kebab-case; a leading dot or underscore is a tool's own convention. */
export function pathNames(paths: readonly string[]): readonly Finding[] {
  return paths.flatMap((path) => {
    if (path.startsWith('test/fixtures/')) return [];
    return path.split('/').flatMap((name) => {
      if (isEmpty(name.split('.')[0] ?? '')) return [`${path}: "${name}" says nothing; use the field's own word`];
      const isNamed = kebab.test(name.replace(/^\./, '')) || shouted.test(name);
      return isNamed ? [] : [`${path}: "${name}" is not kebab-case`];
    });
  });
}

function isEmpty(stem: string): boolean {
  return emptyNames.has(stem) || stem.split('-').some((word) => emptyWords.has(word));
}
