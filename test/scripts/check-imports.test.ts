import { expect, it } from 'vitest';
import { circleProblems, folderProblems, importsOf, type Rules, studioProblems } from '../../scripts/check-imports.ts';
import { importCircles } from '../../scripts/import-circles.ts';

const rules = (circlesIn: readonly string[] = []): Rules => ({
  folders: { core: [], data: ['core'], cli: ['core', 'data'] },
  circlesIn,
  studio: { packages: ['deeptaste/client', 'preact'], shared: ['app', 'parts'] },
});
const graph = (imports: Readonly<Record<string, readonly string[]>>) => new Map(Object.entries(imports));

it('reads imports of values and of types, re-exports and dynamic imports', () => {
  const text = [
    "import { a } from './a.ts';",
    "import type { B } from './b.ts';",
    "import {\n  type C,\n  c,\n} from './c.ts';",
    "export { d } from './d.ts';",
    "export type * from './e.ts';",
    "import './f.ts';",
    "const g = await import('./g.ts');",
  ];
  expect(importsOf(text.join('\n'))).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => `./${name}.ts`));
});

it('finds one shortest circle for files that reach each other', () => {
  const imports = {
    'd/a': ['d/b', 'd/far'],
    'd/b': ['d/c'],
    'd/c': ['d/a', 'd/b'],
    'd/far': ['d/away'],
    'd/away': ['d/b'],
  };
  expect(importCircles(graph(imports))).toEqual([['d/a', 'd/b', 'd/c', 'd/a']]);
});

it('finds circles of one file and circles apart from each other, and none in a lattice', () => {
  expect(importCircles(graph({ x: ['x'], a: ['b'], b: ['a'] }))).toEqual([
    ['a', 'b', 'a'],
    ['x', 'x'],
  ]);
  expect(importCircles(graph({ a: ['b', 'c'], b: ['d'], c: ['d'], d: [] }))).toEqual([]);
});

it('refuses a circle and says which', () => {
  const problems = circleProblems(graph({ 'data/a.ts': ['data/sub/b.ts'], 'data/sub/b.ts': ['data/a.ts'] }), rules());
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain('data/a.ts → data/sub/b.ts → data/a.ts');
});

it('lets excepted folders have circles, but not over their border', () => {
  const inCli = { 'cli/a.ts': ['cli/b.ts'], 'cli/b.ts': ['cli/a.ts'] };
  expect(circleProblems(graph(inCli), rules(['cli']))).toEqual([]);
  const over = { ...inCli, 'cli/c.ts': ['data/d.ts'], 'data/d.ts': ['cli/c.ts'] };
  expect(circleProblems(graph(over), rules(['cli']))).toHaveLength(1);
});

it('refuses an exception that is not needed any more', () => {
  const problems = circleProblems(graph({ 'cli/a.ts': ['cli/b.ts'], 'cli/b.ts': [] }), rules(['cli']));
  expect(problems).toEqual([expect.stringContaining('found none in src/cli; take it out')]);
});

it('refuses folders that are not allowed, and unlisted ones', () => {
  expect(folderProblems('data/a.ts', ['core/x.ts', 'data/b.ts'], rules())).toEqual([]);
  expect(folderProblems('data/a.ts', ['cli/x.ts'], rules())).toEqual([
    'src/data/a.ts: data must not import cli (src/cli/x.ts)',
  ]);
  expect(folderProblems('data/a.ts', ['index.ts'], rules())).toHaveLength(1);
  expect(folderProblems('strange/a.ts', [], rules())).toHaveLength(1);
});

it('keeps the Studio to the client, and its pages apart', () => {
  const problemsOf = (name: string, ...specifiers: string[]) => studioProblems(name, specifiers, rules());
  const allowed = ['preact/hooks', 'deeptaste/client', '../parts/chart.tsx', './list.tsx', '../app/answer.ts'];
  expect(problemsOf('try/page.tsx', ...allowed)).toEqual([]);
  expect(problemsOf('app/pages.ts', '../try/page.tsx', '../look/page.tsx')).toEqual([]);
  expect(problemsOf('try/page.tsx', 'zod')).toEqual([expect.stringContaining('must not import "zod"')]);
  expect(problemsOf('try/page.tsx', '../look/page.tsx')).toEqual([expect.stringContaining('the page studio/look')]);
  expect(problemsOf('try/page.tsx', '../../src/core/errors.ts')).toEqual([expect.stringContaining('deeptaste/client')]);
});
