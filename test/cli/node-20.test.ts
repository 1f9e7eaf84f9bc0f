/** The built package on Node 20, which has no relaxed SIMD: the plain-SIMD kernels serve. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { filmsCsv, workplace } from './command-line.ts';

/** $DEEPTASTE_NODE20, else the first Node 20 on the PATH. */
function findNode20(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'));
  const candidates = [process.env.DEEPTASTE_NODE20, ...folders.map((folder) => join(folder, 'node'))];
  return candidates.find(
    (path) =>
      path && existsSync(path) && spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout?.startsWith('v20.'),
  );
}

const node = findNode20();
const place = workplace();
const title = node ? 'Node 20' : 'Node 20 (skipped: none on the PATH nor in DEEPTASTE_NODE20)';

describe.skipIf(!node)(title, () => {
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await place.run([...args, '--json', '--quiet'], { node });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return JSON.parse(stdout);
  };
  beforeAll(() => {
    place.write('films.csv', filmsCsv());
  });

  it('runs the plain-SIMD kernels', async () => {
    expect(await run('doctor')).toMatchObject({ kernels: 'simd', relaxedSimd: false, problems: [] });
  });

  it('trains, recommends, measures again', async () => {
    const args = [
      '--data',
      'films.csv',
      '--model',
      'neumf',
      '--epochs',
      '2',
      '--split',
      'leave-one-out',
      '--out',
      'run',
    ];
    expect(await run('train', ...args)).toMatchObject({ kernels: 'simd', epochs: 2 });
    expect((await run('recommend', 'run', '--user', 'u1', '-k', '3')).recommendations).toHaveLength(3);
    expect((await run('recommend', 'run', '--history', 'f14,f15', '-k', '3')).recommendations).toHaveLength(3);
    expect((await run('evaluate', 'run')).result.protocol.versions.node).toMatch(/^20\./);
  });

  it('says before it trains that the demo cannot be served', async () => {
    const { code, stdout, stderr } = await place.run(['demo', '--serve', '--port', '0', '--out', 'served'], { node });
    expect([code, stdout, stderr]).toEqual([
      2,
      '',
      expect.stringMatching(/^error: serve: needs Node 22\.13 [^\n]*\n$/),
    ]);
    expect(existsSync(place.path('served'))).toBe(false);
  });

  it('says in one line that it has no embedded store to serve with', async () => {
    const { code, stderr } = await place.run(['serve', 'run', '--port', '0', '--store', 'store.db'], { node });
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/^error: serve: needs Node 22\.13 [^\n]*found v20[^\n]*\n$/),
    ]);
  });
});
