import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { opTable, opTableFile } from '../../scripts/op-table.ts';
import { opNames } from './op-named.ts';

it('docs/engine-gradients.md is what the definitions say (else run: node scripts/op-table.ts)', () => {
  expect(readFileSync(opTableFile, 'utf8')).toBe(opTable());
});

it('lists every op once', () => {
  const listed = [...opTable().matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1]);
  expect(listed).toEqual(opNames);
});
