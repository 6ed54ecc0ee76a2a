import { describe, expect, test } from 'vitest';
import { errorCatalogue, version } from '../../core/index.ts';
import { projectFiles, projectPaths, readProjectText } from './project-tree.ts';
import { clockAndChance, processAccess, rawHtml, shells, unfinished } from './rules/forbidden.ts';
import { pathNames } from './rules/names.ts';
import { errorDocument, looseVersions, missingDocuments, registryHosts, roomDoors } from './rules/project.ts';
import { fileLength, folderSize, functionLength, parameterCount } from './rules/size.ts';

const paths = projectPaths();
const files = projectFiles(paths);

describe('the project keeps its own style', () => {
  test('there is something to look at', () => {
    expect(files.filter((file) => file.nodes.length > 0).length).toBeGreaterThan(20);
  });

  test.each([
    ['functions fit on a screen', functionLength],
    ['functions take at most four parameters', parameterCount],
    ['files hold one idea', fileLength],
    ['time and chance are injected', clockAndChance],
    ['only a main.ts reads the environment or exits', processAccess],
    ['text never becomes markup', rawHtml],
    ['programs are started without a shell', shells],
    ['nothing is marked as unfinished', unfinished],
  ])('%s', (_name, rule) => {
    expect(files.flatMap(rule)).toEqual([]);
  });

  test('folders have at most a dozen entries', () => {
    expect(folderSize(paths)).toEqual([]);
  });

  test('files and folders have kebab-case names that say something', () => {
    expect(pathNames(paths)).toEqual([]);
  });

  test('each room has a door and a page of explanation', () => {
    expect(roomDoors(files)).toEqual([]);
  });

  test('the documents that people look for are there', () => {
    expect(missingDocuments(paths)).toEqual([]);
  });

  test('versions of packages are exact', () => {
    expect(looseVersions(JSON.parse(readProjectText('package.json')))).toEqual([]);
  });

  test('the version that programs tell is that of package.json', () => {
    expect(JSON.parse(readProjectText('package.json'))).toMatchObject({ version });
  });

  test('no file names a package registry', () => {
    expect(registryHosts(files)).toEqual([]);
  });

  test('every error code has its paragraph in docs/errors.md, and every paragraph its code', () => {
    expect(errorDocument(Object.keys(errorCatalogue), readProjectText('docs/errors.md'))).toEqual([]);
  });
});
