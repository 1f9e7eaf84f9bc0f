import { describe, expect, it } from 'vitest';
import { DeepTasteError } from '../../src/core/errors.ts';
import { quotedNames, shownMessage, shownName } from '../../src/core/shown.ts';
import { textTable } from '../../src/evaluation/text-table.ts';

describe('names that come from outside', () => {
  it('cannot steer a terminal or turn the direction of writing', () => {
    expect(shownName('\u001b[31mred')).toBe('\\u001b[31mred');
    expect(shownName('a\nb\rc\td\0e\u0085f\u2028g')).toBe('a\\nb\\rc\\td\\u0000e\\u0085f\\u2028g');
    expect(shownName('abc\u202egpj')).toBe('abc\\u202egpj');
    expect(shownName('\ud83d half')).toBe('\\ud83d half');
  });

  it('stay as they are otherwise', () => {
    for (const name of ['Amélie', '映画クラブ', '👩‍👩‍👧', 'فيلم', 'a b'] as const) expect(shownName(name)).toBe(name);
  });

  it('are cut in the middle after some 200 characters, not through a pair', () => {
    const shown = shownName(`begin${'x'.repeat(1e6)}end`);
    expect(shown.length).toBeLessThanOrEqual(201);
    expect(shown).toMatch(/^begin.*…x*end$/);
    for (let n = 150; n < 170; n++) expect(shownName('x'.repeat(n) + '👩'.repeat(300))).not.toMatch(/\\u/);
    expect(shownName('\u0007'.repeat(1e6)).length).toBeLessThan(450);
    expect(quotedNames(['a', 'b', 'c'], 2)).toBe('"a", "b" and 1 more');
  });

  it('make errors of one line that stay short', () => {
    const error = new DeepTasteError(
      'data',
      `file "\u001b[2J${'y'.repeat(1e6)}": no\n such column ${'z'.repeat(5000)}`,
    );
    expect(error.message).not.toMatch(/\p{Cc}/u);
    expect(error.message.length).toBeLessThan(700);
    expect(shownMessage(`columns: ${'name, '.repeat(1e5)}`).length).toBeLessThan(4100);
    const usual = `where: must hold "a", found "b"; say --name ${'p/'.repeat(150)}`;
    expect(shownMessage(usual)).toBe(usual);
  });

  it('do the same in tables', () => {
    const { header, rows } = textTable([{ header: 'a\u001b[1m', align: 'left', cells: ['x\ny', 'z'.repeat(1e4)] }]);
    expect(header).toBe('a\\u001b[1m');
    expect(rows[0]).toBe('x\\ny');
    expect(rows[1].length).toBeLessThan(202);
  });
});
