import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const text = readFileSync(new URL('../../src/engine/kernels/opcodes.ts', import.meta.url), 'utf8');
const valuesOf = (pattern: RegExp): number[] => [...text.matchAll(pattern)].map((match) => Number(match[1]));

it('has opcodes in order, each once, and cases for every group', () => {
  const opcodes = valuesOf(/^export const \w+ = (0x[0-9a-f]{2});$/gm);
  expect(opcodes.length).toBeGreaterThan(70);
  expect(opcodes).toEqual([...new Set(opcodes)].sort((a, b) => a - b));
  expect([...new Set(opcodes.map((opcode) => opcode >> 4))]).toEqual(valuesOf(/^export const OPCODES_\w+ = (\d+);$/gm));
});
