import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');

/** Ratings of 80 users on items 1 … 300, with times. */
function ratings(): string {
  const random = new RandomStream(1, 'ratings');
  const lines = ['userId,movieId,rating,timestamp'];
  for (let user = 1; user <= 80; user++)
    for (let n = 0; n < 40; n++)
      lines.push(`${user},${1 + random.below(300)},${1 + random.below(5)},${1_600_000_000 + random.below(10_000_000)}`);
  return `${lines.join('\n')}\n`;
}

describe('the example of the README', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'deeptaste-readme-'));
    writeFileSync(join(folder, 'ratings.csv'), ratings());
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('runs as it stands', () => {
    const [, code] = readme.match(/```ts\n([\s\S]*?)```/) as RegExpMatchArray;
    const library = pathToFileURL(join(root, 'dist/index.js')).href;
    writeFileSync(join(folder, 'example.ts'), code.replace("'deeptaste'", `'${library}'`));
    const output = execFileSync(process.execPath, ['example.ts'], { cwd: folder, encoding: 'utf8' });
    expect(output).toContain('mean:');
    expect(output.match(/title:/g)).toHaveLength(5);
  });

  it('names only pages that exist', () => {
    for (const [, target] of readme.matchAll(/\]\(([^)#]+)\)/g))
      if (!target.startsWith('http')) expect(() => readFileSync(join(root, target)), target).not.toThrow();
  });
});
