import type { Finding, SourceFile } from '../source-file.ts';

const README_LINES_MAX = 60;
const doored = ['core', 'collector', 'realtime', 'history', 'alerting', 'scaler', 'server'];
const rooms = [...doored, 'cli', 'ui'];
const documents = ['README.md', 'CHANGELOG.md', 'docs/errors.md'];

const exactVersion = /^(npm:(@[\w.-]+\/)?[\w.-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/;
const registry =
  /https?:\/\/[\w.-]*(?:registry|npmjs|yarnpkg|npmmirror|artifactory|verdaccio)|^\s*\S*registry\s*=\s*\S/m;

/** Each room that is there has one door and a page that explains it. */
export function roomDoors(files: readonly SourceFile[]): readonly Finding[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const present = rooms.filter((room) => files.some((file) => file.path.startsWith(`${room}/`)));
  return present.flatMap((room) => {
    const readme = byPath.get(`${room}/README.md`);
    const findings: Finding[] = [];
    if (readme === undefined) findings.push(`${room}/: no README.md`);
    else if (readme.lines.length > README_LINES_MAX) {
      findings.push(`${room}/README.md: ${readme.lines.length} lines; at most ${README_LINES_MAX}`);
    }
    if (doored.includes(room) && !byPath.has(`${room}/index.ts`)) findings.push(`${room}/: no index.ts`);
    return findings;
  });
}

export function missingDocuments(paths: readonly string[]): readonly Finding[] {
  return documents.filter((path) => !paths.includes(path)).map((path) => `${path} is missing`);
}

/** Ranges would give two people two programs. */
export function looseVersions(manifest: Record<string, unknown>): readonly Finding[] {
  return ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap((section) =>
    Object.entries(manifest[section] ?? {})
      .filter(([, version]) => !exactVersion.test(String(version)))
      .map(([name, version]) => `package.json: ${section}.${name} is "${version}", not an exact version`),
  );
}

/** Where packages come from is each machine's own setting, so no file names a registry. */
export function registryHosts(files: readonly SourceFile[]): readonly Finding[] {
  return files.flatMap((file) => {
    const match = registry.exec(file.text);
    if (match !== null) return [`${file.path}: names a package registry (${match[0].trim()})`];
    return /package-lock\.json$/.test(file.path) && /^\s*"resolved":/m.test(file.text)
      ? [`${file.path}: has "resolved" addresses`]
      : [];
  });
}

/** Codes without a paragraph, paragraphs without a code, and headings with nothing below them. */
export function errorDocument(codes: readonly string[], document: string): readonly Finding[] {
  const sections = document.split(/^## /m).slice(1);
  const headings = sections.map((section) => section.split('\n')[0]?.trim() ?? '');
  return [
    ...codes.filter((code) => !headings.includes(code)).map((code) => `docs/errors.md: no paragraph on ${code}`),
    ...headings
      .filter((name) => !codes.includes(name))
      .map((name) => `docs/errors.md: ${name} is not in core/errors.ts`),
    ...headings
      .filter((name, index) => headings.indexOf(name) !== index)
      .map((name) => `docs/errors.md: ${name} twice`),
    ...sections
      .filter((section) => section.split('\n').slice(1).join('').trim() === '')
      .map((section) => `docs/errors.md: ${section.trim()} is empty`),
  ];
}
