/** The examples of docs/policies.md, run as they stand against the built package: programs, and what the command line answers. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../data/temporary-files.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const library = pathToFileURL(join(root, 'dist/index.js')).href;
const main = join(root, 'dist/cli/main.js');
const page = readFileSync(join(root, 'docs/policies.md'), 'utf8');
const { folder } = temporaryFolder();

/** What a shell says to the lines of a block that begin with `$`. */
function answersTo(block: string): string {
  const lines = block.split('\n').filter((line) => line.startsWith('$ '));
  const script = lines.map((line) => line.slice(2)).join('\n');
  const deeptaste = `deeptaste() { "${process.execPath}" "${main}" "$@" --quiet; }`;
  return execFileSync('bash', ['-c', `${deeptaste}\n${script}`], { cwd: folder, encoding: 'utf8' });
}

it('both programs run, and the first one prints what the page says', () => {
  const [log, world] = Array.from(page.matchAll(/```ts\n([\s\S]*?)```/g), ([, code], n) => {
    const file = join(folder, `example-${n}.ts`);
    writeFileSync(file, code.replace("'deeptaste'", `'${library}'`));
    return execFileSync(process.execPath, [file], { cwd: folder, encoding: 'utf8' });
  });
  expect(page).toContain(log.trim());
  expect(world).toMatch(/signs: 1 people × 400 steps/);
  expect(readFileSync(join(folder, 'decisions.csv'), 'utf8').split('\n')).toHaveLength(8002);
}, 60_000);

it('policies are judged as the page shows, to the last digit', () => {
  const blocks = Array.from(page.matchAll(/```\n(\$ [\s\S]*?)```/g), ([, block]) => block);
  const judged = blocks.filter((block) => block.includes('deeptaste policy evaluate'));
  expect(judged).toHaveLength(2);
  for (const block of judged) {
    const shown = block.split('\n').filter((line) => !line.startsWith('$ '));
    expect(answersTo(block).trim()).toBe(shown.join('\n').trim());
  }
}, 120_000);
