/** What the machine may refuse: one line each, never a stack or a process that hangs. */
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { mainFile, workplace } from './command-line.ts';

const { folder, path } = workplace();
const library = fileURLToPath(new URL('../../dist/index.js', import.meta.url));
const environment = { ...process.env, NO_COLOR: '1', NODE_OPTIONS: '' };

function node(args: readonly string[], options: object = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: folder,
    env: environment,
    encoding: 'utf8',
    timeout: 50_000,
    ...options,
  });
  return { status, stdout, lines: (stderr ?? '').trim().split('\n') };
}

it.skipIf(!existsSync('/dev/full'))('a full standard output', () => {
  const full = openSync('/dev/full', 'w');
  const { status, lines } = node([mainFile, 'models', 'popularity'], { stdio: ['ignore', full, 'pipe'] });
  closeSync(full);
  expect(status).toBe(1);
  expect(lines).toEqual([expect.stringMatching(/^error: writing standard output: the disk is full/)]);
});

it('no WebAssembly', () => {
  const lines = Array.from({ length: 60 }, (_, n) => `u${n % 6},i${(n * 7) % 13}`);
  writeFileSync(path('r.csv'), `user,item\n${lines.join('\n')}\n`);
  const args = [mainFile, 'train', '--data', 'r.csv', '--model', 'popularity', '--quiet'];
  writeFileSync(path('without.cjs'), 'delete globalThis.WebAssembly;');
  const { status, lines: said } = node(['-r', path('without.cjs'), ...args]);
  expect(status).toBe(1);
  expect(said.at(-1)).toMatch(/^error: engine: this JavaScript runtime must offer WebAssembly/);
});

it('a script of the library given on the command line ends, with threads that nobody closed', () => {
  const script = `
    import { Engine, loadSplit, parseRunSettings, trainRecommender } from ${JSON.stringify(library)};
    const data = { interactions: Array.from({ length: 200 }, (_, n) => ({ user: n % 20, item: (n * 7) % 31 })) };
    const engine = new Engine({ threads: 2, blas: 'off' });
    const settings = parseRunSettings({ data, model: 'gmf', training: { epochs: 1 } });
    const { recommender } = await trainRecommender({ engine, split: await loadSplit(data), settings });
    console.log(recommender.recommend({ user: 5 }, { k: 3 }).recommendations.length);`;
  const { status, stdout } = node(['--input-type=module', '-e', script]);
  expect(stdout.trim()).toBe('3');
  expect(status).toBe(0);
});

it('the package names its entry for every way of resolving modules', () => {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  const { main, types, exports } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
  expect([main, types]).toEqual([exports['.'].default, exports['.'].types]);
  for (const file of [main, types]) expect(existsSync(`${root}${file}`)).toBe(true);
});
