/** The commands of docs/robustness.md, run as they stand against the built package, and its program. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { attacks } from '../../src/robustness/attacks/index.ts';
import { temporaryFolder } from '../data/temporary-files.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const library = pathToFileURL(join(root, 'dist/index.js')).href;
const main = join(root, 'dist/cli/main.js');
const page = readFileSync(join(root, 'docs/robustness.md'), 'utf8');
const { folder } = temporaryFolder();

it('each command answers as the page shows', () => {
  const blocks = Array.from(page.matchAll(/```\n\$ deeptaste (.*)\n([\s\S]*?)```/g), ([, args, shown]) => ({
    args,
    shown,
  }));
  expect(blocks).toHaveLength(2);
  for (const { args, shown } of blocks) {
    const answer = execFileSync(process.execPath, [main, ...args.split(' '), '--quiet'], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect(answer.trim()).toBe(shown.trim());
  }
}, 120_000);

it('the program runs', () => {
  const [code] = Array.from(page.matchAll(/```ts\n([\s\S]*?)```/g), ([, text]) => text);
  const file = join(folder, 'example.ts');
  writeFileSync(file, code.replace("'deeptaste'", `'${library}'`));
  expect(execFileSync(process.execPath, [file], { cwd: folder, encoding: 'utf8' })).toContain('item-knn  bandwagon');
}, 60_000);

it('the table has every attack once, with what it can', () => {
  const rows = Array.from(page.matchAll(/^\| `([\w-]+)` \|.*\| (both|promote|demote) \|$/gm), ([, name, goal]) => [
    name,
    goal,
  ]);
  const goalOf = (goals: readonly string[]) => (goals.length === 2 ? 'both' : goals[0]);
  expect(rows).toEqual(attacks.map(({ name, goals }) => [name, goalOf(goals)]));
});
