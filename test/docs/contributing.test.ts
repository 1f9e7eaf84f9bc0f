/** The map of the code in CONTRIBUTING, held against the folders. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const text = readFileSync(`${root}CONTRIBUTING.md`, 'utf8');
const { folders } = JSON.parse(readFileSync(`${root}scripts/allowed-imports.json`, 'utf8')) as {
  folders: Record<string, string[]>;
};
const rows = [...text.matchAll(/^\| `src\/([\w/]+)` +\|[^|]*\| ([^|]*)\|$/gm)].map(([, folder, files]) => ({
  folder,
  files: [...files.matchAll(/`([^`]+)`/g)].map(([, file]) => file),
}));

describe('the map in CONTRIBUTING', () => {
  it('has every folder of src, and no other', () => {
    const there = readdirSync(`${root}src`, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const mapped = rows.map(({ folder }) => folder).filter((folder) => !folder.includes('/'));
    expect(mapped.sort()).toEqual(there.map(({ name }) => name).sort());
  });

  it.each(rows.map(({ folder, files }) => [folder, files] as const))('names files of src/%s', (folder, files) => {
    expect(files.length).toBeGreaterThan(0);
    for (const file of files)
      expect(existsSync(`${root}${file.includes('docs/') ? file : `src/${folder}/${file}`}`), file).toBe(true);
  });

  it('draws the arrows as imports are allowed', () => {
    const line = /^core → .*$/m.exec(text)![0];
    const order = line.split(/ → |, /);
    for (const [folder, imported] of Object.entries(folders))
      for (const other of imported)
        if (order.includes(folder))
          expect(order.indexOf(other), `${folder} imports ${other}`).toBeLessThan(order.indexOf(folder));
    expect(Object.keys(folders).filter((folder) => !order.includes(folder))).toEqual(['benchmark']);
  });
});
