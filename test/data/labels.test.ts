import { describe, expect, it } from 'vitest';
import { continuedSplit } from '../../src/data/continued/continued-split.ts';
import type { FormerData } from '../../src/data/continued/former-data.ts';
import type { DataOptions } from '../../src/data/data-options.ts';
import { requireUsersAndItems } from '../../src/data/dataset.ts';
import { loadDataset } from '../../src/data/load.ts';
import { loadSplit } from '../../src/data/splits/split-dataset.ts';
import { codeOf, messageOf, temporaryFolder } from './temporary-files.ts';

const { write } = temporaryFolder();
let n = 0;
const file = (content: string): string => write(`labels-${n++}.csv`, content);

async function labelsOf(cells: readonly string[], options: Partial<DataOptions> = {}) {
  const path = file(`label,size\n${cells.map((cell, k) => `${cell},${k}`).join('\n')}\n`);
  const { interactions, label, warnings } = await loadDataset({ files: [path], ...options });
  return { labels: [...interactions.rating!], positive: label?.positive, warnings: warnings.join('\n') };
}

describe('labels become 0 and 1', () => {
  it.each([
    ['0 and 1', ['0', '1', '0'], [0, 1, 0], '1'],
    ['0.0 and 1.0', ['1.0', '0.0', '1'], [1, 0, 1], '1'],
    ['−1 and 1', ['-1', '1', '1'], [0, 1, 1], '1'],
    ['−1 and +1', ['-1', '+1', '+1'], [0, 1, 1], '1'],
    ['words, whichever is rarer', ['yes', 'yes', 'no'], [1, 1, 0], 'yes'],
    ['words in capitals', ['TRUE', 'FALSE', 'TRUE'], [1, 0, 1], 'TRUE'],
    ['the rarer of two texts', ['<=50K', '>50K', '<=50K'], [0, 1, 0], '>50K'],
    ['blanks and a full stop', [' <=50K.', ' >50K. ', '<=50K'], [0, 1, 0], '>50K'],
    ['equally frequent texts: the later one', ['b', 'a'], [1, 0], 'b'],
  ])('%s', async (_, cells, labels, positive) => {
    const read = await labelsOf(cells);
    expect([read.labels, read.positive]).toEqual([labels, positive]);
  });

  it('as told: one cell is 1, every other one 0', async () => {
    const read = await labelsOf(['buy', 'look', 'cart', 'buy.'], { columns: { label: 'label' }, positive: 'buy' });
    expect(read.labels).toEqual([1, 0, 0, 1]);
  });

  it('a rule that was guessed is said', async () => {
    expect((await labelsOf(['<=50K', '>50K', '<=50K'])).warnings).toMatch(/">50K" is 1 and "<=50K" is 0.*rarer/);
    expect((await labelsOf(['0', '1'])).warnings).not.toMatch(/is 1 and/);
  });

  it.each([
    ['ratings', ['1', '2', '5'], {}, /must hold two different values, found 3: "1", "2", "5".*--rating label/],
    ['texts of one kind', ['yellow', 'yellow'], {}, /found only "yellow"/],
    ['an empty cell', ['0', '1', ''], {}, /row 3: "label" must hold a label, "1" or "0", found nothing/],
    ['a positive that does not occur', ['a', 'b'], { positive: 'A' }, /no cell is "A"/],
  ])('%s: refused', async (_, cells, options, told) => {
    const load = () => labelsOf(cells, { ...options, columns: { label: 'label', user: null, item: null } });
    expect(await codeOf(load)).toBe('data');
    expect(await messageOf(load)).toMatch(told);
  });

  it('bad labels are skipped when asked for', async () => {
    expect((await labelsOf(['0', '1', '', '0'], { skipBadRows: true })).labels).toEqual([0, 1, 0]);
  });

  it('a positive without a label column is refused', async () => {
    const path = file('user,item\nann,x\n');
    expect(await codeOf(() => loadDataset({ files: [path], positive: 'x' }))).toBe('config');
  });

  it('a constant label is warned of', async () => {
    const columns = { label: 'label', user: null, item: null };
    expect((await labelsOf(['0', '0'], { columns })).warnings).toMatch(/every label is 0 \(2 rows\)/);
  });

  it('a field that equals the label is warned of', async () => {
    const path = file('label,age,echo\n0,3,no\n1,4,yes\n0,4,no\n1,3,yes\n');
    const { warnings } = await loadDataset({ files: [path] });
    expect(warnings.join('\n')).toMatch(/"echo" repeats "label" \(a leak/);
    expect(warnings.join('\n')).not.toMatch(/"age" repeats/);
  });
});

describe('rows without users and items', () => {
  const train = 'age,job,wage_class\n39, clerk, <=50K\n50,, >50K\n31, cook, <=50K\n';

  it('are read when a label is there and no column goes by such a name', async () => {
    const dataset = await loadDataset({ files: [file(train)] });
    expect(dataset.unnamed).toEqual(['user', 'item']);
    expect([dataset.users.size, dataset.items.size, dataset.interactions.length]).toEqual([1, 1, 3]);
    expect(dataset.schema.columns.map(({ role }) => role)).toEqual(['field', 'field', 'label']);
    expect(() => requireUsersAndItems('train neumf', dataset)).toThrow(/name no user and no item; say --user COLUMN/);
    expect(await codeOf(() => requireUsersAndItems('train', dataset))).toBe('config');
  });

  it('test files take the rule of the training file', async () => {
    const test = file('age,job,wage_class\n25, pilot, >50K.\n26, cook, >50K.\n27, cook, <=50K.\n');
    const split = await loadSplit({ files: [file(train)] }, { method: 'given', test });
    expect([...split.train.rating!, ...split.test!.rating!]).toEqual([0, 1, 0, 1, 1, 0]);
    const other = file('age,job,wage_class\n25, pilot, 60K\n');
    const load = () => loadSplit({ files: [file(train)] }, { method: 'given', test: other });
    expect(await messageOf(load)).toMatch(/must hold a label, ">50K" or "<=50K", found " 60K"/);
    const bare = file('age,job\n25, pilot\n');
    expect(await codeOf(() => loadSplit({ files: [file(train)] }, { method: 'given', test: bare }))).toBe('config');
  });

  it('a long headless file begins with its label', async () => {
    const dataset = await loadDataset({ files: [file('0,5,,a,b\n1,6,2,a,c\n0,7,3,a,c\n')] });
    expect(dataset.label).toEqual({ column: 'column1', positive: '1' });
    expect(dataset.interactions.context!.map(({ kind }) => kind)).toEqual([
      ...['numeric', 'numeric', 'categorical', 'categorical'],
    ]);
  });

  it('ratings serve as well, when it is told that there are no users', async () => {
    const columns = { user: null, item: null, rating: 'price' };
    const dataset = await loadDataset({ files: [file('rooms,price\n3,100.5\n4,200\n')], columns });
    expect([...dataset.interactions.rating!, dataset.label]).toEqual([100.5, 200, undefined]);
  });

  it.each([
    ['repeated pairs', { duplicates: 'last' }],
    ['a core', { kCore: { user: 2 } }],
    ['a file of users', { users: 'users.csv' }],
  ] as const)('cannot be cleaned by %s', async (_, options) => {
    expect(await codeOf(() => loadDataset({ files: [file(train)], ...options }))).toBe('config');
  });

  it('all rows of labelled pairs stay, and users seen only in the test part too', async () => {
    const rows = Array.from({ length: 20 }, (_, k) => `u${Math.floor(k / 4)},i1,${k % 2},${k}`);
    const path = file(`user,item,label,timestamp\n${rows.join('\n')}\n`);
    const split = await loadSplit({ files: [path] }, { method: 'time', validation: 0, test: 0.25 });
    expect([split.train.length, split.test!.length]).toEqual([15, 5]);
    const all = await loadSplit({ files: [path] }, { method: 'ratio', by: 'order', validation: 0.2, test: 0.1 });
    expect([all.train.length, all.validation!.length, all.test!.length]).toEqual([14, 4, 2]);
    expect([...all.test!.time!]).toEqual([18, 19]);
    const own = await loadSplit(
      { files: [path] },
      { method: 'ratio', of: 'user', by: 'order', validation: 0, test: 0.25 },
    );
    expect([...own.test!.time!]).toEqual([3, 7, 11, 15, 19]);
  });
});

describe('labels beside users and items', () => {
  const rows = (header: string, cells: readonly string[]): string =>
    `${header}\n${cells.map((cell, k) => `u${k % 3},i${k % 4},${cell},${k % 2 === 0 ? 'a' : 'b'}`).join('\n')}\n`;
  const load = (content: string, options: Partial<DataOptions> = {}) =>
    loadDataset({ files: [file(content)], ...options });

  it.each([
    ['yes', 'no'],
    ['Y', 'N'],
    ['True', 'False'],
    ['t', 'f'],
    ['ON', 'OFF'],
    ['1', '0'],
    ['1.0', '0.0'],
    ['+1', '-1'],
    ['clicked', 'not clicked'],
    ['clicked', 'not_clicked'],
    ['like', 'dislike'],
    ['ja', 'nein'],
  ])('%s and %s are 1 and 0 by their meaning', async (yes, no) => {
    for (const name of ['clicked', 'is_click', 'Purchased', 'label', 'liked', 'converted', 'rating']) {
      const { label, interactions } = await load(rows(`user,item,${name},device`, [no, yes, yes, yes, no]));
      const positive = /^\+?1/.test(yes) ? '1' : yes;
      expect([name, label?.positive, [...interactions.rating!]]).toEqual([name, positive, [0, 1, 1, 1, 0]]);
      expect(interactions.context!.map((column) => column.name)).toEqual(['device']);
    }
  });

  it('give the same interactions in whatever form they stand', async () => {
    const cells = ['1', '0', '0', '1', '1', '0', '1'];
    const as = (yes: string, no: string) => cells.map((cell) => (cell === '1' ? yes : no));
    const hashes = await Promise.all(
      [as('1', '0'), as('yes', 'no'), as('TRUE', 'FALSE'), as('1.0', '0.0')].map(
        async (each) => (await load(rows('user,item,clicked,device', each))).hash,
      ),
    );
    expect(new Set(hashes).size).toBe(1);
  });

  it('are read from JSON booleans', async () => {
    const path = write(
      'clicks.json',
      [true, false, true].map((clicked, k) => JSON.stringify({ user: `u${k}`, item: 'x', clicked })).join('\n'),
    );
    const { label, interactions } = await loadDataset({ files: [path] });
    expect([label?.positive, ...interactions.rating!]).toEqual(['true', 1, 0, 1]);
  });

  it('are found in a file without a header', async () => {
    const { label, interactions } = await load('a,x,1\na,y,0\nb,x,1\n');
    expect([label?.column, ...interactions.rating!]).toEqual(['column3', 1, 0, 1]);
    expect((await load('a,x,1\na,y,5\nb,x,1\n')).label).toBeUndefined();
    expect((await load('a,x,1\na,y,1\nb,x,1\n')).label).toBeUndefined();
  });

  it('of no and yes under another name are told, and stay fields', async () => {
    const { label, interactions, warnings } = await load(rows('user,item,is_weekend,premium', ['no', 'yes', 'no']));
    expect(label).toBeUndefined();
    expect(interactions.context!.map((column) => column.name)).toEqual(['is_weekend', 'premium']);
    expect(warnings.join('\n')).toMatch(/"is_weekend" holds no and yes and is taken for a field.*--label is_weekend/);
  });

  it('of several columns: the surest name, the others are left out and told', async () => {
    const content = 'user,item,viewed,purchased,device\na,x,1,0,tv\nb,y,1,1,web\nc,x,0,0,tv\n';
    const { label, interactions, warnings } = await load(content);
    expect([label?.column, ...interactions.context!.map((column) => column.name)]).toEqual(['purchased', 'device']);
    expect(warnings.join('\n')).toMatch(/label "purchased" \(guessed\); "viewed" holds outcomes too.*--label viewed/);
    expect((await load(content, { columns: { label: 'viewed' } })).interactions.context).toHaveLength(1);
  });

  it('give way to ratings, which is told', async () => {
    const content = 'user,item,rating,clicked\na,x,5,yes\nb,y,1,no\nc,x,3,yes\n';
    const { label, interactions, warnings } = await load(content);
    expect([label, ...interactions.rating!]).toEqual([undefined, 5, 1, 3]);
    expect(interactions.context).toBeUndefined();
    expect(warnings.join('\n')).toMatch(/"clicked" holds outcomes and is left out, for "rating" holds ratings/);
  });

  it('with marks of missing values: such rows are refused, or skipped', async () => {
    const content = rows('user,item,clicked,device', ['no', 'yes', 'NA', 'yes']);
    expect(await messageOf(() => load(content))).toMatch(
      /row 3: "clicked" must hold a label, "yes" or "no", found the mark "NA"/,
    );
    expect([...(await load(content, { skipBadRows: true })).interactions.rating!]).toEqual([0, 1, 1]);
  });

  it('of three kinds are no label, which is told', async () => {
    const { label, warnings } = await load(rows('user,item,label,device', ['no', 'yes', 'maybe']));
    expect(label).toBeUndefined();
    expect(warnings.join('\n')).toMatch(
      /"label" is no label, for it holds more than two.*--label label --positive VALUE/,
    );
  });

  it('that all say no are labels, and those that all say yes are none', async () => {
    expect((await load(rows('user,item,clicked,device', ['no', 'no']))).label?.positive).toBe('yes');
    expect((await load(rows('user,item,clicked,device', ['yes', 'yes']))).label).toBeUndefined();
  });

  it.each([
    ['yes', 'yes'],
    ['Yes', 'Yes'],
    ['x', 'x'],
    ['1', '1'],
    ['✓', '✓'],
    ['its own name', 'Clicked'],
  ])('with nothing but a mark: %s, empty cells are 0', async (_, cell) => {
    const { label, interactions, warnings } = await load(rows('user,item,clicked,device', [cell, '', '', cell]));
    expect([label?.positive, ...interactions.rating!]).toEqual([cell, 1, 0, 0, 1]);
    expect(warnings.join('\n')).toMatch(/label "clicked": .* is 1 and empty cells are 0; --no-label/);
  });

  it('with nothing but another word are told, and read as told', async () => {
    const content = rows('user,item,purchased,device', ['kauf', '', 'kauf', '']);
    const { label, warnings } = await load(content);
    expect(label).toBeUndefined();
    expect(warnings.join('\n')).toMatch(
      /"purchased" is no label, for it holds "kauf" or nothing: every row counts as taken; say --label purchased --positive kauf/,
    );
    const told = await load(content, { columns: { label: 'purchased' }, positive: 'kauf' });
    expect([...told.interactions.rating!]).toEqual([1, 0, 1, 0]);
  });

  it('with a mark in held-out files too', async () => {
    const [train, test] = [
      ['yes', '', 'yes', ''],
      ['', 'yes', 'no'],
    ].map((cells) => file(rows('user,item,clicked,device', cells)));
    const split = await loadSplit({ files: [train] }, { method: 'given', test });
    expect([...split.test!.rating!]).toEqual([0, 1, 0]);
  });

  it('with a mark in tables of examples', async () => {
    expect((await labelsOf(['yes', '', 'yes'])).labels).toEqual([1, 0, 1]);
  });

  it.each([
    [['view', 'buy', 'view'], 'buy'],
    [['Click', 'Impression', 'Impression'], 'Click'],
  ])('of events: %s', async (cells, positive) => {
    expect((await load(rows('user,item,clicked,device', cells))).label?.positive).toBe(positive);
  });

  it.each([
    ['wahr', 'falsch'],
    ['VRAI', 'FAUX'],
    ['verdadero', 'falso'],
    ['tak', 'nie'],
    ['ano', 'ne'],
    ['evet', 'hayır'],
    ['kyllä', 'ei'],
    ['はい', 'いいえ'],
    ['👍', '👎'],
    ['up', 'down'],
    ['accepted', 'rejected'],
    ['success', 'failure'],
    ['won', 'lost'],
  ])('of %s and %s are known by their meaning, whichever is rarer', async (yes, no) => {
    for (const cells of [
      [yes, no, no],
      [no, yes, yes],
    ]) {
      const { label, interactions } = await load(rows('user,item,clicked,device', cells));
      expect([label?.positive, ...interactions.rating!]).toEqual([yes, ...cells.map((cell) => Number(cell === yes))]);
    }
  });

  it.each(['geklickt', 'gekauft', 'acheté', 'Comprado', 'cliccato', '点击', 'куплено'])(
    'under the name %s are found',
    async (name) => {
      expect((await load(rows(`user,item,${name},device`, ['1', '0', '0']))).label?.column).toBe(name);
    },
  );

  it.each([
    ['clicked', 'click'],
    ['liked', 'like'],
    ['purchase', 'purchased'],
  ])('"%s" of %s or nothing are marks', async (name, cell) => {
    const { label, interactions } = await load(rows(`user,item,${name},device`, [cell, '', 'none', cell]));
    expect([label?.positive, ...interactions.rating!]).toEqual([cell, 1, 0, 0, 1]);
  });

  it('of an event or nothing under another name are told', async () => {
    const { label, warnings } = await load(rows('user,item,action,device', ['click', 'none', 'none']));
    expect(label).toBeUndefined();
    expect(warnings.join('\n')).toMatch(
      /"action" is no label, for it holds "click" or nothing: every row counts as taken/,
    );
  });

  it('numbers with zeros under the name of an outcome are told', async () => {
    const content = rows('user,item,purchased,device', ['2', '0', '3', '0']);
    const { interactions, warnings } = await load(content);
    expect(interactions.length).toBe(4);
    expect(warnings.join('\n')).toMatch(
      /"purchased" holds numbers and zeros, and every row counts as taken; say --rating purchased --min-rating 1/,
    );
    const told = await load(content, { columns: { rating: 'purchased' }, minRating: 1 });
    expect(told.interactions.length).toBe(2);
  });

  it('that were told apart by being rarer must be told where training goes on', async () => {
    const path = file(rows('user,item,outcome,device', ['kept', 'sent', 'sent', 'sent']));
    const columns = { label: 'outcome' };
    const goOn = async (options: Partial<DataOptions>) => {
      const split = await loadSplit({ files: [path], columns, ...options }, { method: 'none' });
      return continuedSplit(split, former);
    };
    const none = await loadSplit({ files: [path], columns, positive: 'kept' }, { method: 'none' });
    const { users, items, userFields, itemFields, schema, hash } = none.dataset;
    const former: FormerData = {
      info: { schema, data: { name: 'made', hash, nInteractions: 4 } },
      users,
      items,
      userFields,
      itemFields,
      seen: { nRows: 0, rowStart: Int32Array.of(0), columns: new Int32Array(0) },
    };
    for (const options of [{}, { minRating: 1 }])
      expect(await messageOf(() => goOn(options))).toMatch(
        /from: the cell of label "outcome" that is 1.*--positive kept/,
      );
    expect([...(await goOn({ positive: 'kept' })).train.rating!]).toEqual([1, 0, 0, 0]);
  });

  it('of events under another name are told', async () => {
    const { label, warnings } = await load(rows('user,item,event_type,device', ['view', 'purchase', 'view']));
    expect(label).toBeUndefined();
    expect(warnings.join('\n')).toMatch(/"event_type" holds no and yes.*--label event_type/);
  });

  it('of three kinds of events and more are told, with how to learn from the rarest one', async () => {
    const cells = ['view', 'view', 'cart', 'view', 'cart', 'purchase'];
    const { label, warnings } = await load(rows('user,item,event_type,device', cells));
    expect(label).toBeUndefined();
    expect(warnings.join('\n')).toMatch(
      /event_type holds kinds of events \(cart, purchase, view\).*--label event_type --positive purchase/,
    );
    const others = await load(rows('user,item,colour,device', ['red', 'blue', 'red', 'green', 'blue', 'green']));
    expect(others.warnings.join('\n')).not.toMatch(/kinds of events/);
  });

  it('of two or three words that do not tell are told', async () => {
    for (const [cells, choices] of [
      [['a', 'b', 'a'], '--positive a or --positive b'],
      [['a', 'b', 'c'], '--positive VALUE'],
    ] as const) {
      const { label, warnings } = await load(rows('user,item,clicked,device', cells));
      expect(label).toBeUndefined();
      expect(warnings.join('\n')).toMatch(
        new RegExp(`"clicked" is no label, for .*: every row counts as taken; say --label clicked ${choices} to set`),
      );
    }
  });

  it('are none when that is told', async () => {
    const none = await load(rows('user,item,clicked,device', ['0', '1', '1']), { columns: { label: null } });
    expect(none.label).toBeUndefined();
  });
});
