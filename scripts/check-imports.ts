/**
 * Checks that folders of src/ import only what `allowed-imports.json` permits, so that dependencies go one way. Packages are
 * checked too: a file of src/ may import Node's modules and the dependencies of package.json, nothing else.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const source = join(root, 'src');
const allowed: Record<string, string[]> = JSON.parse(readFileSync(join(root, 'scripts/allowed-imports.json'), 'utf8'));
const { dependencies, optionalDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const packages = new Set(Object.keys({ ...dependencies, ...optionalDependencies }));

/** The specifiers of static and dynamic imports and of re-exports. */
export function importsOf(text: string): string[] {
  const pattern = /(?:^(?:import|export)\b[^'"]*?\bfrom\s*|\bimport\s*\(\s*|^\s*import\s+)['"]([^'"]+)['"]/gm;
  return [...text.matchAll(pattern)].map((match) => match[1]);
}

function problemsOf(path: string): string[] {
  const name = relative(source, path);
  const folder = name.includes('/') ? name.split('/')[0] : null;
  if (folder !== null && !(folder in allowed))
    return [`src/${name}: the folder is not in scripts/allowed-imports.json`];
  return importsOf(readFileSync(path, 'utf8')).flatMap((specifier) => {
    if (specifier.startsWith('node:')) return [];
    if (!specifier.startsWith('.')) {
      const name_ = specifier.startsWith('@') ? specifier.split('/').slice(0, 2).join('/') : specifier.split('/')[0];
      return packages.has(name_) ? [] : [`src/${name}: imports "${specifier}", which is no dependency`];
    }
    const target = relative(source, join(dirname(path), specifier));
    if (target.startsWith('..')) return [];
    const to = target.includes('/') ? target.split('/')[0] : null;
    if (folder === null || to === folder) return [];
    if (to === null) return [`src/${name}: imports src/${target}, which stands above all folders`];
    return allowed[folder].includes(to) ? [] : [`src/${name}: ${folder} must not import ${to} (src/${target})`];
  });
}

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesUnder(path) : path.endsWith('.ts') ? [path] : [];
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const kernels = join(source, 'engine/kernels');
  const problems = filesUnder(source)
    .filter((path) => !path.startsWith(kernels))
    .flatMap(problemsOf);
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exit(1);
}
