/** The examples of docs/policies.md, run as they stand against the built package. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../data/temporary-files.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const library = pathToFileURL(join(root, 'dist/index.js')).href;
const page = readFileSync(join(root, 'docs/policies.md'), 'utf8');
const { folder } = temporaryFolder();

it('both examples run, and the first one prints what the page says', () => {
  const [log, world] = Array.from(page.matchAll(/```ts\n([\s\S]*?)```/g), ([, code], n) => {
    const file = join(folder, `example-${n}.ts`);
    writeFileSync(file, code.replace("'deeptaste'", `'${library}'`));
    return execFileSync(process.execPath, [file], { cwd: folder, encoding: 'utf8' });
  });
  expect(page).toContain(log.trim());
  expect(world).toMatch(/signs: 1 people × 400 steps/);
  expect(readFileSync(join(folder, 'decisions.csv'), 'utf8').split('\n')).toHaveLength(8002);
}, 60_000);
