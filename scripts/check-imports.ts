/**
 * Checks imports against `allowed-imports.json`: folders of src/ import only the folders listed there, so that dependencies go one
 * way; no file imports itself over others, imports of types counted, but for the folders that are listed as not yet mended. A file
 * of src/ may import Node's modules and the dependencies of package.json, no other package. The Studio knows of src/ only the client,
 * and its pages know nothing of each other.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { importCircles } from './import-circles.ts';

export interface Rules {
  /** Which folders a folder of src/ may import. */
  readonly folders: Readonly<Record<string, readonly string[]>>;
  /** Folders that still have circles. One without any must leave the list. */
  readonly circlesIn: readonly string[];
  readonly studio: {
    /** Packages that the page may import. */
    readonly packages: readonly string[];
    /** Folders of studio/ that all of its folders may import; the others are pages. */
    readonly shared: readonly string[];
  };
}

const root = fileURLToPath(new URL('..', import.meta.url));
const source = join(root, 'src');
const studio = join(root, 'studio');

/** The specifiers of static and dynamic imports and of re-exports, of values and of types. */
export function importsOf(text: string): string[] {
  const pattern = /(?:^(?:import|export)\b[^'"]*?\bfrom\s*|\bimport\s*\(\s*|^\s*import\s+)['"]([^'"]+)['"]/gm;
  return [...text.matchAll(pattern)].map((match) => match[1]);
}

/** The folder of src/ that a file lies in; null for one that stands above all folders. */
function folderOf(name: string): string | null {
  return name.includes('/') ? name.split('/')[0] : null;
}

/** What is wrong with one file's imports of folders. @param imports names of files, relative to src/ like `name` */
export function folderProblems(name: string, imports: readonly string[], { folders }: Rules): string[] {
  const folder = folderOf(name);
  if (folder === null) return [];
  if (!(folder in folders)) return [`src/${name}: the folder is not in scripts/allowed-imports.json`];
  return imports.flatMap((target) => {
    const to = folderOf(target);
    if (to === folder) return [];
    if (to === null) return [`src/${name}: imports src/${target}, which stands above all folders`];
    return folders[folder].includes(to) ? [] : [`src/${name}: ${folder} must not import ${to} (src/${target})`];
  });
}

/** Circles that are not excepted, and exceptions that are not needed any more. */
export function circleProblems(imports: ReadonlyMap<string, readonly string[]>, { circlesIn }: Rules): string[] {
  const circles = importCircles(imports);
  const isExcepted = (circle: readonly string[]): boolean =>
    circle.every((file) => circlesIn.some((folder) => folder === folderOf(file)));
  const refused = circles
    .filter((circle) => !isExcepted(circle))
    .map(
      (circle) =>
        `src/${circle[0]}: no file may import itself over others, types counted, found ${circle.join(' → ')}; ` +
        'move what both sides need to a file of its own',
    );
  const needless = circlesIn
    .filter((folder) => !circles.some(([first]) => folderOf(first) === folder))
    .map(
      (folder) =>
        `scripts/allowed-imports.json: "circlesIn" must name folders with circles only, found none in src/${folder}; take it out`,
    );
  return [...refused, ...needless];
}

function packageProblems(name: string, specifiers: readonly string[], packages: ReadonlySet<string>): string[] {
  return specifiers.flatMap((specifier) => {
    if (specifier.startsWith('node:') || specifier.startsWith('.')) return [];
    const parts = specifier.split('/');
    const imported = specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0];
    return packages.has(imported) ? [] : [`src/${name}: imports "${specifier}", which is no dependency`];
  });
}

/** What is wrong with the imports of one file of the Studio. @param name relative to studio/ */
export function studioProblems(
  name: string,
  specifiers: readonly string[],
  { studio }: Pick<Rules, 'studio'>,
): string[] {
  const folder = folderOf(name);
  return specifiers.flatMap((specifier) => {
    if (!specifier.startsWith('.')) {
      const isAllowed = studio.packages.some((each) => specifier === each || specifier.startsWith(`${each}/`));
      return isAllowed ? [] : [`studio/${name}: the page must not import "${specifier}"`];
    }
    const target = join(dirname(name), specifier);
    if (target.startsWith('..')) return [`studio/${name}: must import "deeptaste/client", found ${specifier}`];
    const to = folderOf(target);
    const isPage = to !== null && to !== folder && !studio.shared.includes(to);
    // the list of pages, and it alone, knows all of them
    return isPage && name !== 'app/pages.ts' ? [`studio/${name}: must not import the page studio/${to}`] : [];
  });
}

/** The files of src/ among the imports of a file. Kernels import each other without `.ts`. */
function filesOf(name: string, specifiers: readonly string[]): string[] {
  return specifiers
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => join(dirname(name), specifier))
    .filter((target) => !target.startsWith('..'))
    .map((target) => (/\.\w+$/.test(target) ? target : `${target}.ts`));
}

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesUnder(path) : /\.tsx?$/.test(path) ? [path] : [];
  });
}

function check(): string[] {
  const read = (file: string) => JSON.parse(readFileSync(join(root, file), 'utf8'));
  const rules: Rules = read('scripts/allowed-imports.json');
  const { dependencies, optionalDependencies } = read('package.json');
  const packages = new Set(Object.keys({ ...dependencies, ...optionalDependencies }));
  const imports = new Map<string, string[]>();
  const problems = filesUnder(source).flatMap((path) => {
    const name = relative(source, path);
    const specifiers = importsOf(readFileSync(path, 'utf8'));
    imports.set(name, filesOf(name, specifiers));
    const isKernel = name.startsWith('engine/kernels/');
    const ofPackages = isKernel ? [] : packageProblems(name, specifiers, packages);
    return [...folderProblems(name, imports.get(name)!, rules), ...ofPackages];
  });
  const ofStudio = filesUnder(studio)
    .filter((path) => relative(studio, path) !== 'vite.config.ts')
    .flatMap((path) => studioProblems(relative(studio, path), importsOf(readFileSync(path, 'utf8')), rules));
  return [...problems, ...circleProblems(imports, rules), ...ofStudio];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const problems = check();
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exit(1);
}
