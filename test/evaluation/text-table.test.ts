import { describe, expect, it } from 'vitest';
import { tableWidth, textTable, wrapTable } from '../../src/evaluation/text-table.ts';

const column = (header: string, cells: string[]) => ({ header, align: 'left' as const, cells });
const words = (n: number) => Array.from({ length: n }, (_, w) => `word${w}`).join(' ');

describe('wrapTable', () => {
  const columns = [
    column('--set', ['training.learningRate', 'units']),
    column('range', [words(12), '1 … 9']),
    column('what', ['short', words(40)]),
  ];

  it.each([80, 100, 120, 200])('keeps to %i columns and loses no word', (width) => {
    const wrapped = wrapTable(columns, width);
    expect(tableWidth(wrapped)).toBeLessThanOrEqual(width);
    for (const line of Object.values(textTable(wrapped)).flat()) expect(line.length).toBeLessThanOrEqual(width);
    for (const [c, { cells }] of wrapped.entries())
      expect(cells.filter(Boolean).join(' ')).toBe(columns[c].cells.join(' '));
  });

  it('leaves a table that fits as it is', () => {
    expect(wrapTable(columns, 2000)).toEqual(columns);
  });
});
