import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const linesOf = (name: string): string[] => readFileSync(`${root}${name}`, 'utf8').split('\n');
const repeatedOf = (texts: readonly string[]): string[] => texts.filter((text, n) => texts.indexOf(text) !== n);

it('explains every option in one row of its table', () => {
  const sections = linesOf('docs/conventions.md').join('\n').split('\n## ');
  const options = sections.filter((section) => !section.startsWith('Former names'));
  const rows = options.map((section) =>
    section.split('\n').flatMap((line) => /^\| (`.*?) \|/.exec(line)?.[1].match(/`[^`]+`/g) ?? []),
  );
  expect(rows.flat().length).toBeGreaterThan(20);
  expect(rows.flatMap(repeatedOf)).toEqual([]);
});

it('tells every change once', () => {
  const changes = linesOf('CHANGELOG.md').filter((line) => line.startsWith('- '));
  expect(changes.length).toBeGreaterThan(100);
  expect(repeatedOf(changes)).toEqual([]);
});
