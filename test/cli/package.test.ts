/** The package as people install it: packed, in a project of their own, in JavaScript and in TypeScript, with and without DuckDB. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, it } from 'vitest';
import { workplace } from './command-line.ts';

const { folder, path } = workplace();
const root = fileURLToPath(new URL('../../', import.meta.url));
const environment = { ...process.env, NO_COLOR: '1', NODE_OPTIONS: '' };
const project = path('project');
const bare = path('bare');

function run(command: string, args: readonly string[], cwd: string) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, env: environment, encoding: 'utf8' });
  return { status, stdout, lines: stderr.trim().split('\n') };
}

/** A project with the packed files and, instead of an installation, links to the packages that stand here but for `without`. */
function install(into: string, tarball: string, without: readonly string[]): void {
  const modules = join(into, 'node_modules');
  mkdirSync(join(modules, 'deeptaste'), { recursive: true });
  expect(run('tar', ['-xzf', tarball, '--strip-components=1', '-C', join(modules, 'deeptaste')], into).status).toBe(0);
  for (const name of readdirSync(join(root, 'node_modules')))
    if (!name.startsWith('.') && !without.includes(name))
      symlinkSync(join(root, 'node_modules', name), join(modules, name));
  writeFileSync(join(into, 'package.json'), '{ "type": "module" }');
}

const tenLines = `
import { Engine, loadSplit, parseRunSettings, Recommender, trainRecommender } from 'deeptaste';
const interactions = Array.from({ length: 200 }, (_, n) => ({ user: n % 20, item: (n * 7) % 31 }));
const engine = new Engine({ threads: 1, blas: 'off' });
const settings = parseRunSettings({ data: { interactions }, model: 'item-knn' });
const split = await loadSplit({ interactions });
const { recommender, result } = await trainRecommender({ engine, split, settings });
await recommender.save('saved', result);
const loaded = await Recommender.load('saved');
for (const { item, score } of loaded.recommend({ user: 5 }, { k: 3 }).recommendations) console.log(item, score);
`;

beforeAll(() => {
  const packed = run('npm', ['pack', '--ignore-scripts', '--json', '--offline', '--pack-destination', folder], root);
  expect(packed.lines.join('\n')).not.toMatch(/error/i);
  const tarball = join(folder, JSON.parse(packed.stdout)[0].filename);
  install(project, tarball, []);
  install(bare, tarball, ['@duckdb', 'koffi']);
}, 120_000);

it('a project in JavaScript trains, saves, loads and recommends', () => {
  writeFileSync(join(project, 'ten.js'), tenLines);
  const { status, stdout, lines } = run(process.execPath, ['ten.js'], project);
  expect(lines).toEqual(['']);
  expect(status).toBe(0);
  expect(stdout.trim().split('\n')).toHaveLength(3);
});

it('the Studio is in it, with the licences of what it is made of', () => {
  for (const name of ['index.html', 'licenses.md', 'licenses-font.md'])
    expect(existsSync(join(project, 'node_modules/deeptaste/dist/studio', name)), name).toBe(true);
});

it('a project in TypeScript finds the types, by every way of resolving modules', () => {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  writeFileSync(
    join(project, 'ten.ts'),
    `${tenLines}\nconst k: number = loaded.parts.items.size;\n// @ts-expect-error\nloaded.recommend_(k);\n`,
  );
  const check = () => run(process.execPath, [tsc, '--noEmit', '-p', '.'], project);
  expect(run(process.execPath, [tsc, '--init'], project).status).toBe(0);
  expect(check()).toMatchObject({ status: 0, stdout: '' });
  for (const [module, moduleResolution] of [
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
    ['preserve', 'bundler'],
  ]) {
    // as tsc --init sets it; without it the declarations need @types/node
    const skipLibCheck = true;
    const compilerOptions = { module, moduleResolution, skipLibCheck, target: 'es2022', strict: true, types: [] };
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['ten.ts'] }));
    expect(check(), moduleResolution).toMatchObject({ status: 0, stdout: '' });
  }
});

it('without DuckDB a saved recommender recommends; reading data ends in one line', () => {
  const main = join(bare, 'node_modules/deeptaste/dist/cli/main.js');
  const saved = join(project, 'saved');
  const answer = run(process.execPath, [main, 'recommend', saved, '--user', '5', '-k', '3'], bare);
  expect(answer.lines).toEqual(['']);
  expect(answer.status).toBe(0);
  writeFileSync(join(bare, 'r.csv'), 'user,item\na,b\na,c\nb,c\nb,d\n');
  const read = run(process.execPath, [main, 'train', '--data', 'r.csv', '--model', 'popularity', '--quiet'], bare);
  expect(read.status).toBe(1);
  expect(read.lines).toEqual([
    expect.stringMatching(/^error: reading data: DuckDB must be installed.*--omit=optional/),
  ]);
});
