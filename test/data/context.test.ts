import { describe, expect, it } from 'vitest';
import { joinInteractions, selectRows } from '../../src/data/dataset.ts';
import { loadDataset } from '../../src/data/load.ts';
import { loadSplit } from '../../src/data/splits/split-dataset.ts';
import type { ValueColumn } from '../../src/data/value-columns.ts';
import { codeOf, messageOf, temporaryFolder } from './temporary-files.ts';

const { write } = temporaryFolder();

/** A context column's cells as a person writes them. */
function cells(column: ValueColumn | undefined): unknown[] {
  if (!column) return ['no column'];
  if (column.kind === 'categorical') return Array.from(column.index, (i) => (i < 0 ? null : column.values[i]));
  if (column.kind === 'multi')
    return Array.from({ length: column.rowStart.length - 1 }, (_, row) =>
      Array.from(column.index.subarray(column.rowStart[row], column.rowStart[row + 1]), (i) => column.values[i]),
    );
  return Array.from(column.value, (x) => (Number.isNaN(x) ? null : x));
}

function context(interactions: { context?: readonly ValueColumn[] }): Record<string, unknown[]> {
  return Object.fromEntries((interactions.context ?? []).map((column) => [column.name, cells(column)]));
}

const shop = [
  'user,item,rating,weather,basket,tags,when_seen,shelf',
  'ann,x,1, sunny ,1.5,a|b,2020-01-01 10:00:00,007',
  'ann,y,5,rainy,,b,2020-01-02 11:30:00,008',
  'bob,x,4,,-2,,2020-01-03 12:00:00,007',
  'ann,x,3,sunny,1e3,c|a|c,,009',
].join('\n');

describe('context columns', () => {
  it('are kept by kind: categories without blanks, numbers, lists, times; empty cells are missing', async () => {
    const { interactions, schema } = await loadDataset({ files: [write('shop.csv', shop)], duplicates: 'keep' });
    expect(context(interactions)).toEqual({
      weather: ['sunny', 'rainy', null, 'sunny'],
      basket: [1.5, null, -2, 1000],
      tags: [['a', 'b'], ['b'], [], ['c', 'a', 'c']],
      when_seen: [1577872800, 1577964600, 1578052800, null],
      shelf: ['007', '008', '007', '009'],
    });
    const kinds = schema.columns.filter(({ role }) => role === 'field').map(({ name, kind }) => `${name}:${kind}`);
    expect(kinds).toEqual([
      'weather:categorical',
      'basket:numeric',
      'tags:multi',
      'when_seen:time',
      'shelf:categorical',
    ]);
  });

  it('go with their rows through de-duplication, thresholds, splits and joins', async () => {
    const path = write('shop2.csv', shop);
    const cleaned = await loadDataset({ files: [path], minRating: 3 });
    expect(context(cleaned.interactions)).toMatchObject({
      weather: ['rainy', null, 'sunny'],
      basket: [null, -2, 1000],
    });
    const { interactions } = await loadDataset({ files: [path], duplicates: 'keep' });
    const picked = selectRows(interactions, Int32Array.of(3, 0));
    expect(context(picked)).toMatchObject({
      tags: [
        ['c', 'a', 'c'],
        ['a', 'b'],
      ],
      basket: [1000, 1.5],
    });
    const joined = joinInteractions(picked, selectRows(interactions, Int32Array.of(1)));
    expect(context(joined)).toMatchObject({ tags: [['c', 'a', 'c'], ['a', 'b'], ['b']], shelf: ['009', '007', '008'] });
    const split = await loadSplit(
      { files: [path], duplicates: 'keep' },
      { method: 'leave-one-out', by: 'order', validation: 'none' },
    );
    // both rows of the repeated pair are held out
    expect(context(split.train)).toMatchObject({ weather: ['rainy', null] });
    expect(context(split.test!)).toMatchObject({ weather: ['sunny', 'sunny'] });
  });

  it('that some part lacks are left out of all, and said to be', async () => {
    const train = write('part-train.csv', 'user,item,place,mood\nann,x,home,good\nbob,y,work,bad\n');
    const test = write('part-test.csv', 'mood,user,item\nbad,ann,y\n');
    const split = await loadSplit({ files: [train] }, { method: 'given', test });
    expect(context(split.train)).toEqual({ mood: ['good', 'bad'] });
    expect(context(split.test!)).toEqual({ mood: ['bad'] });
    expect(split.dataset.warnings.join('\n')).toMatch(/"place" column is left out: only train/);
  });

  it('are those that are named, or none', async () => {
    const path = write('shop3.csv', shop);
    const named = await loadDataset({ files: [path], columns: { context: ['shelf', 'weather'] } });
    expect(named.interactions.context!.map(({ name }) => name)).toEqual(['shelf', 'weather']);
    expect(named.warnings.join('\n')).toMatch(/not used: basket, tags, when_seen/);
    expect((await loadDataset({ files: [path], columns: { context: null } })).interactions.context).toBeUndefined();
  });

  it('change the hash of the data, whichever cell differs', async () => {
    const hashes = await Promise.all(
      [shop, shop.replace('rainy', 'foggy'), shop.replace('-2', '-3'), shop.replace('b|', 'd|')].map(
        async (text, k) => (await loadDataset({ files: [write(`hash${k}.csv`, text)] })).hash,
      ),
    );
    const bare = await loadDataset({ files: [write('bare.csv', shop)], columns: { context: null } });
    expect(new Set([...hashes, bare.hash]).size).toBe(4);
    const kept = await loadDataset({ files: [write('kept.csv', shop)], duplicates: 'keep' });
    const other = shop.replace('1.5,a|b', '1.5,a|e');
    expect((await loadDataset({ files: [write('other.csv', other)], duplicates: 'keep' })).hash).not.toBe(kept.hash);
  });

  it('of numbers: what is none is missing and counted', async () => {
    const rows = Array.from({ length: 300 }, (_, k) => `u${k},i${k % 7},${k / 4}`);
    rows[10] = 'u10,i3,NaN';
    rows[20] = 'u20,i6,inf';
    rows[30] = 'u30,i2,n/a';
    rows[40] = 'u40,i5,twelve';
    const { interactions, warnings } = await loadDataset({
      files: [write('odd.csv', `user,item,size\n${rows.join('\n')}`)],
    });
    const size = cells(interactions.context![0]);
    expect([size[10], size[20], size[30], size[31], size[40]]).toEqual([null, null, null, 7.75, null]);
    expect(warnings.join('\n')).toMatch(/"size": cells that stand for a missing value: NaN \(1\), n\/a \(1\)/);
    expect(warnings.join('\n')).toMatch(/"size": 1 cell not a number \("twelve"\)/);
    expect(warnings.join('\n')).toMatch(/"size": 1 cell infinite/);
  });

  it('with a few words again and again are measures that were not taken there', async () => {
    const rows = Array.from({ length: 300 }, (_, k) => {
      const cell = k % 9 === 0 ? 'sold out' : k % 13 === 0 ? 'tbd' : (k / 7).toFixed(2);
      return `u${k},i${k % 7},${cell}`;
    });
    const { interactions, warnings } = await loadDataset({
      files: [write('words.csv', `user,item,price\n${rows.join('\n')}`)],
    });
    const price = interactions.context![0];
    expect(price.kind).toBe('numeric');
    expect([cells(price)[9], cells(price)[13], cells(price)[14]]).toEqual([null, null, 2]);
    expect(warnings.join('\n')).toMatch(/"price": 55 cells not a number \("sold out", "tbd"\); taken as missing/);
  });

  it('that look numeric at first but hold many words are categories', async () => {
    const rows = Array.from({ length: 12_000 }, (_, k) => `u${k},i${k % 7},${k < 10_500 ? k % 50 : 'word'}`);
    const { interactions } = await loadDataset({ files: [write('late.csv', `user,item,size\n${rows.join('\n')}`)] });
    expect(interactions.context![0].kind).toBe('categorical');
    expect(cells(interactions.context![0])[11_000]).toBe('word');
  });

  it('of many rows stay beside their rows, also when some are skipped', async () => {
    const n = 300_000; // several of the blocks that DuckDB's threads take
    const rows = Array.from({ length: n }, (_, k) => `u${k % 1000},i${k},${k % 5},${k},c${k % 777}`);
    rows[1234] = 'u,i,bad,1,1';
    const path = write('many.csv', `user,item,rating,place,group\n${rows.join('\n')}\n`);
    const { interactions, items } = await loadDataset({ files: [path], skipBadRows: true });
    const [place, group] = interactions.context!;
    let nWrong = 0;
    for (let row = 0; row < n - 1; row++) {
      const k = Number(items.idOf(interactions.itemIndex[row]).slice(1));
      const own = 'value' in place ? place.value[row] : -1;
      const text = group.kind === 'categorical' ? group.values[group.index[row]] : '';
      if (own !== k || text !== `c${k % 777}` || interactions.rating![row] !== k % 5) nWrong++;
    }
    expect([interactions.length, nWrong]).toEqual([n - 1, 0]);
  });

  it('of libfm rows keep index and weight', async () => {
    const path = write('rows.libfm', '1 3:0.5 7\n0 7:2\n1 9:1 3:-1\n');
    const { interactions, label } = await loadDataset({ files: [path], format: 'libfm' });
    const [features] = interactions.context!;
    expect(cells(features)).toEqual([['3', '7'], ['7'], ['9', '3']]);
    expect(features.kind === 'multi' && [...features.weight!]).toEqual([0.5, 1, 2, 1, -1]);
    expect(label).toEqual({ column: 'label', positive: '1' });
  });

  it.each([
    ['a context column that is not there', { context: ['wether'] }, 'config', /no column "wether".*"weather"/],
    ['a column in two roles', { item: 'weather', context: ['weather'] }, 'config', /"weather" cannot be the item/],
    ['ratings and labels', { rating: 'rating', label: 'weather' }, 'config', /found both/],
    ['rows that say nothing', { user: null, item: null, rating: null }, 'config', /must carry a label or a rating/],
  ])('%s: refused', async (_, columns, code, told) => {
    const load = () => loadDataset({ files: [write('bad.csv', shop)], columns });
    expect(await codeOf(load)).toBe(code);
    expect(await messageOf(load)).toMatch(told);
  });
});
