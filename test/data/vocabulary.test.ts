import { describe, expect, it } from 'vitest';
import { TextList } from '../../src/data/text-list.ts';
import { Vocabulary } from '../../src/data/vocabulary.ts';
import { testRandom } from './made-data.ts';

const odd = [
  '',
  ' ',
  'a',
  'A',
  'ä',
  'ÿ',
  'Ā',
  '日本',
  '👍🏽',
  '\uD800',
  'x\u0000y',
  '0',
  '00',
  '\uFEFFid',
  'z'.repeat(5000),
];

describe('texts', () => {
  it.each([
    ['latin', odd.filter((text) => [...text].every((letter) => letter <= 'ÿ'))],
    ['any, wide ones last', odd],
    ['any, wide ones first', odd.toReversed()],
  ])('come back as they were: %s', (_name, texts) => {
    const list = new TextList(texts).trim();
    expect([...list]).toEqual(texts);
    expect(list.slice(1, 3)).toEqual(texts.slice(1, 3));
    expect(list.slice(texts.length - 1, texts.length + 5)).toEqual(texts.slice(-1));
  });

  it('are compared by their characters, narrow or wide', () => {
    const list = new TextList(['ab', 'abc', 'ab', '日', '日']);
    expect([list.areEqual(0, 1), list.areEqual(0, 2), list.areEqual(3, 4)]).toEqual([false, true, true]);
    expect([list.isAt(1, 'abc'), list.isAt(1, 'abd'), list.isAt(1, 'ab')]).toEqual([true, false, false]);
  });
});

describe('a vocabulary', () => {
  it('finds each of many ids where a Map finds it, and no other', () => {
    const draw = testRandom(3);
    const ids = [...new Set(Array.from({ length: 60_000 }, (_, n) => (n % 3 === 0 ? `user-${n}` : `${draw(1e9)}`)))];
    const places = new Map(ids.map((id, place) => [id, place]));
    const vocabulary = new Vocabulary(ids);
    expect(vocabulary.size).toBe(ids.length);
    for (let n = 0; n < 20_000; n++) {
      const id = n % 2 === 0 ? ids[draw(ids.length)] : `${draw(1e9)}`;
      expect(vocabulary.indexOf(id)).toBe(places.get(id));
    }
    expect(vocabulary.ids).toEqual(ids);
    expect(vocabulary.idsFrom(7, 9)).toEqual(ids.slice(7, 9));
    expect([vocabulary.idOf(-1), vocabulary.idOf(ids.length)]).toEqual([undefined, undefined]);
  });

  it('knows whether ids repeat; of equal ones the last is found', () => {
    const repeated = new Vocabulary(['a', 'b', 'a']);
    expect([repeated.isDistinct(), repeated.indexOf('a')]).toEqual([false, 2]);
    expect(new Vocabulary(odd).isDistinct()).toBe(true);
    expect(new Vocabulary([]).indexOf('a')).toBeUndefined();
  });

  it('gets more ids behind its own, and gives some of them', () => {
    const few = new Vocabulary(['a', 'b', 'c']);
    expect(few.with(['b', 'd', 'd', 'e']).ids).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(few.with(['b'])).toBe(few);
    expect(few.select(Int32Array.of(2, 0)).ids).toEqual(['c', 'a']);
    expect(few.select(Int32Array.of(1, 0, 2)).ids).toEqual(['b', 'a', 'c']);
  });

  it('finds other spellings of ids that were written small, where it is to', () => {
    const small = new Vocabulary(['ann@x.org', 'éve', 'σας'], { ignoresCase: true });
    expect(['ANN@x.org', 'ÉVE', 'ΣΑΣ', 'bob'].map((id) => small.indexOf(id))).toEqual([0, 1, undefined, undefined]);
    expect(small.with(['Ann@X.org', 'BOB', 'bob']).ids).toEqual(['ann@x.org', 'éve', 'σας', 'bob']);
    expect(small.with(['BOB']).select(Int32Array.of(3)).indexOf('Bob')).toBe(0);
    expect(new Vocabulary(['ann']).indexOf('Ann')).toBeUndefined();
  });
});
