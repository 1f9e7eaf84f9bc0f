import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseAnyRunSettings } from '../../src/runs/any-settings.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const page = readFileSync(join(root, 'docs/sequences.md'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'deeptaste-sequences-page-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('the example of the page on sequences runs as it stands', () => {
  const [, code] = page.match(/```ts\n([\s\S]*?)```/) as RegExpMatchArray;
  const library = pathToFileURL(join(root, 'dist/index.js')).href;
  writeFileSync(join(folder, 'example.ts'), code.replace("'deeptaste'", `'${library}'`));
  const output = execFileSync(process.execPath, ['example.ts'], { cwd: folder, encoding: 'utf8' });
  expect(output).toContain('mean:');
  expect(output.match(/title:/g)).toHaveLength(6);
});

it('its experiment file is valid to the last key', () => {
  const [, text] = page.match(/```yaml\n([\s\S]*?)```/) as RegExpMatchArray;
  expect(parseAnyRunSettings(parse(text))).toMatchObject({
    model: 'vsknn',
    sequences: { by: 'gap', gapSeconds: 1800 },
  });
});
