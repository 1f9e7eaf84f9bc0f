import { describe, expect, it } from 'vitest';
import { selectRows } from '../../../src/data/dataset.ts';
import type { FeatureEncoder } from '../../../src/data/features/feature-encoder.ts';
import type { FeatureOptions } from '../../../src/data/features/feature-options.ts';
import type { FieldRows } from '../../../src/data/features/field-rows.ts';
import { fitFeatures } from '../../../src/data/features/fit-features.ts';
import { parseFeatures } from '../../../src/data/features/parse-features.ts';
import { codeOf, messageOf } from '../temporary-files.ts';
import { lists, madeFeatures, numbers, texts } from './made-features.ts';

const rows = [
  [0, 0],
  [0, 1],
  [1, 0],
  [2, 1],
  [3, 2],
] as const;
const context = [
  texts('weather', ['sun', 'rain', 'sun', null, 'snow']),
  numbers('hour_of_day', [8, 9, 8, 22, 23]),
  numbers('spent', [1.5, 2, Number.NaN, 4, 8]),
  lists('basket', [['egg', 'ham'], [], ['ham'], ['egg'], ['fig', 'egg']]),
];
const dataset = madeFeatures(rows, context);
const train = selectRows(dataset.interactions, Int32Array.of(0, 1, 2, 3));

/** Names of the rows that each row of a matrix holds. */
function named(encoder: FeatureEncoder, { nRows, slots, index }: FieldRows): string[][] {
  return Array.from({ length: nRows }, (_, row) =>
    Array.from(index.subarray(row * slots, (row + 1) * slots))
      .filter((each) => each >= 0)
      .map((each) => encoder.fieldValueName(each)),
  );
}

describe('fields without any setting', () => {
  const { encoder, unused } = fitFeatures(dataset, train, { minCount: 1 });

  it('one a column: user, item, context; ids first; texts left out', () => {
    const { layout } = encoder;
    expect(layout.fields.map(({ owner, name, nRows, slots }) => [owner, name, nRows, slots])).toEqual([
      ['user', 'user_id', 3, 1],
      ['user', 'age', 3, 1],
      ['user', 'job', 2, 1],
      ['item', 'item_id', 2, 1],
      ['item', 'genres', 3, 2],
      ['item', 'price', 2, 1],
      ['context', 'weather', 3, 1],
      ['context', 'hour_of_day', 3, 1],
      ['context', 'spent', 4, 1],
      ['context', 'basket', 3, 2],
    ]);
    expect(unused.map(({ column }) => column.key)).toEqual(['name']);
  });

  it('lie one after the other in one table, and in the slots of their owner', () => {
    const { layout } = encoder;
    let row = 0;
    const slot = { user: 0, item: 0, context: 0 };
    for (const field of layout.fields) {
      expect([field.firstRow, field.firstSlot]).toEqual([row, slot[field.owner]]);
      row += field.nRows;
      slot[field.owner] += field.slots;
    }
    expect(layout.nRows).toBe(row);
    expect([encoder.encodeUsers(dataset).slots, encoder.encodeItems(dataset).slots]).toEqual([slot.user, slot.item]);
  });

  it('hold the values of users, items and rows by name', () => {
    expect(named(encoder, encoder.encodeUsers(dataset))).toEqual([
      ['user_id = ann', 'age < 30', 'job = cook'],
      ['user_id = bob', 'age ≥ 30', 'job = clerk'],
      ['user_id = cy', 'age = (missing)', 'job = cook'],
      ['age ≥ 30'], // never seen in training, and no training row lacks a job
    ]);
    expect(named(encoder, encoder.encodeItems(dataset))[0]).toEqual([
      'item_id = heat',
      'genres = crime',
      'genres = drama',
      'price ≥ 9.5',
    ]);
    expect(named(encoder, encoder.encodeContext(dataset.interactions)).slice(3)).toEqual([
      ['weather = (missing)', 'hour_of_day = 22', 'spent ≥ 4', 'basket = egg'],
      ['spent ≥ 4', 'basket = egg'],
    ]);
  });

  it('a mean of several is written as shares', () => {
    const { value, slots, index } = encoder.encodeItems(dataset);
    expect(Array.from(value!.subarray(0, slots))).toEqual([1, 0.5, 0.5, 1]);
    expect(index[slots + 2]).toBe(-1);
  });
});

describe('fitting', () => {
  it('looks at training rows only, and counts users and items as often as they occur there', () => {
    const other = madeFeatures(rows, [
      texts('weather', ['sun', 'rain', 'sun', null, 'hail']),
      numbers('hour_of_day', [8, 9, 8, 22, 7]),
      numbers('spent', [1.5, 2, Number.NaN, 4, -1e6]),
      lists('basket', [['egg', 'ham'], [], ['ham'], ['egg'], []]),
    ]);
    const fitted = fitFeatures(dataset, train).encoder.toJSON();
    const again = fitFeatures(other, selectRows(other.interactions, Int32Array.of(0, 1, 2, 3))).encoder.toJSON();
    expect(again).toEqual(fitted);
    const standard = { fields: { age: { encode: 'standard' } } } as const;
    const { encoding } = fitFeatures(dataset, train, standard).encoder.fitted.fields.find(
      ({ name }) => name === 'age',
    )!;
    const mean = (20.5 + 20.5 + 30) / 3; // ann has two rows, cy no age, dee no row
    expect(encoding).toMatchObject({ encode: 'standard', missing: true });
    expect('mean' in encoding && encoding.mean).toBeCloseTo(mean, 12);
  });

  it('leaves ids out when told, and takes more fields from one column', () => {
    const { encoder } = fitFeatures(dataset, train, {
      userId: false,
      itemId: false,
      fields: {
        weather: { encode: 'none' },
        money: { column: 'spent', encode: 'log' },
        name: { encode: 'hash', nBuckets: 4 },
      },
    });
    expect(encoder.layout.fields.map(({ name }) => name)).toEqual([
      ...['age', 'job', 'name', 'genres', 'price', 'hour_of_day', 'money', 'spent', 'basket'],
    ]);
  });

  it('warns of fields that tell nothing apart', () => {
    const one = madeFeatures(rows, [texts('shop', ['a', 'a', 'a', 'a', 'a'])]);
    expect(fitFeatures(one, one.interactions).warnings.join('\n')).toMatch(/"shop" has one value only/);
    const none = madeFeatures(rows, [texts('shop', [null, null, null, null, 'a'])]);
    const { warnings, encoder } = fitFeatures(none, train4(none));
    expect(warnings.join('\n')).toMatch(/"shop" has one value only/);
    expect(encoder.encodeContext(none.interactions).index.at(-1)).toBe(-1);
  });

  it('columns of one name are told apart by their owner', () => {
    const twice = madeFeatures(rows, [texts('job', ['a', 'b', 'a', 'b', 'a'])]);
    const { encoder } = fitFeatures(twice, twice.interactions, { fields: { 'user.job': { encode: 'none' } } });
    expect(encoder.layout.fields.map(({ name }) => name)).toContain('context.job');
    expect(encoder.layout.fields.map(({ name }) => name)).not.toContain('user.job');
  });

  const bad: [what: string, options: unknown, told: RegExp][] = [
    ['an unknown option', { mincount: 2 }, /"mincount" is not a known option; did you mean "minCount"/],
    [
      'an unknown key of a field',
      { fields: { age: { encode: 'hash', bukets: 3 } } },
      /"fields\.age\.bukets".*"nBuckets"/,
    ],
    ['an unknown encoding', { fields: { age: { encode: 'standart' } } }, /did you mean "standard"/],
    ['an unknown column', { fields: { agee: { encode: 'log' } } }, /no column "agee"; did you mean "age"/],
    ['a key of another encoding', { fields: { age: { encode: 'standard', minCount: 3 } } }, /"fields\.age\.minCount"/],
    ['numbers of words', { fields: { job: { encode: 'log' } } }, /needs numbers, column "job" is categorical/],
    ['hours of words', { fields: { job: { encode: 'hour' } } }, /needs times, column "job"/],
    ['buckets in two ways', { fields: { age: { encode: 'buckets', nBuckets: 3, boundaries: [1] } } }, /found both/],
    ['boundaries that descend', { fields: { age: { encode: 'buckets', boundaries: [2, 1] } } }, /must ascend/],
    ['a cross of one field', { crosses: [{ fields: ['job'] }] }, /crosses\.0\.fields/],
    ['a cross of one field twice', { crosses: [{ fields: ['job', 'job'] }] }, /must differ/],
    [
      'a cross of an unknown field',
      { crosses: [{ fields: ['job', 'wether'] }] },
      /no field "wether"; did you mean "weather"/,
    ],
    [
      'a cross of numbers',
      { fields: { age: { encode: 'standard' } }, crosses: [{ fields: ['job', 'age'] }] },
      /"age" is a number; give it buckets/,
    ],
    ['a cross in two ways', { crosses: [{ fields: ['job', 'age'], minCount: 2, nBuckets: 9 }] }, /found both/],
    ['a cross twice', { crosses: [{ fields: ['job', 'age'] }, { fields: ['job', 'age'] }] }, /twice/],
  ];
  it.each(bad)('%s: refused', async (_, options, told) => {
    const fit = () => fitFeatures(dataset, train, options as FeatureOptions);
    expect(await codeOf(fit)).toBe('config');
    expect(await messageOf(fit)).toMatch(told);
  });

  it('without any field is refused', async () => {
    const bare = { ...madeFeatures(rows), userFields: { nRows: 4, fields: [], title: null } };
    const options = {
      userId: false,
      itemId: false,
      fields: { genres: { encode: 'none' }, price: { encode: 'none' } },
    } as const;
    expect(await codeOf(() => fitFeatures(bare, bare.interactions, options))).toBe('data');
  });
});

function train4(each: typeof dataset) {
  return selectRows(each.interactions, Int32Array.of(0, 1, 2, 3));
}

describe('crosses', () => {
  const options: FeatureOptions = {
    minCount: 1,
    crosses: [
      { fields: ['weather', 'basket'] },
      { fields: ['job', 'age'] },
      { fields: ['job', 'genres'] },
      { fields: ['genres', 'price'], nBuckets: 5 },
    ],
  };
  const { encoder } = fitFeatures(dataset, train, options);
  const crossNames = ({ nRows, slots, index }: FieldRows): string[][] =>
    Array.from({ length: nRows }, (_, row) =>
      Array.from(index.subarray(row * slots, (row + 1) * slots))
        .filter((each) => each >= 0)
        .map((each) => encoder.crossValueName(each)),
    );

  it('are of one owner, or of the context when they mix owners', () => {
    expect(encoder.layout.crosses.map(({ name, owner, nRows, slots }) => [name, owner, nRows, slots])).toEqual([
      ['job × age', 'user', 3, 1],
      ['genres × price', 'item', 5, 2],
      ['weather × basket', 'context', 4, 2],
      ['job × genres', 'context', 5, 2],
    ]);
    expect(encoder.layout.nCrossRows).toBe(17);
  });

  it('stand in one row of slots', () => {
    expect(encoder.layout.crosses.map(({ firstSlot }) => firstSlot)).toEqual([0, 1, 3, 5]);
    expect(encoder.encodeCrosses(dataset)).toMatchObject({ nRows: 5, slots: 7, value: null });
  });

  it('hold every combination of a row that training had', () => {
    const rowsOfCrosses = crossNames(encoder.encodeCrosses(dataset));
    const bucket = /^genres × price = \(bucket \d of 5\)$/;
    expect(rowsOfCrosses.map((names) => names.filter((name) => !bucket.test(name)))).toEqual([
      [
        'job = cook & age < 30',
        ...['weather = sun & basket = egg', 'weather = sun & basket = ham'],
        ...['job = cook & genres = crime', 'job = cook & genres = drama'],
      ],
      ['job = cook & age < 30', 'weather = rain & basket = (missing)', 'job = cook & genres = horror'],
      [
        ...['job = clerk & age ≥ 30', 'weather = sun & basket = ham'],
        ...['job = clerk & genres = crime', 'job = clerk & genres = drama'],
      ],
      ['job = cook & age = (missing)', 'weather = (missing) & basket = egg', 'job = cook & genres = horror'],
      [],
    ]);
    // heat has two genres, alien one, big none
    expect(rowsOfCrosses.map((names) => names.filter((name) => bucket.test(name)).length)).toEqual([2, 1, 2, 1, 0]);
    const again = rowsOfCrosses.map((names) => names.filter((name) => bucket.test(name)).join());
    expect([again[0], again[1]]).toEqual([again[2], again[3]]);
  });

  it('rare combinations are dropped', () => {
    const rare = fitFeatures(dataset, train, {
      minCount: 1,
      crosses: [{ fields: ['weather', 'basket'], minCount: 2 }],
    });
    expect(rare.encoder.layout.nCrossRows).toBe(1);
    expect(rare.encoder.crossValueName(0)).toBe('weather = sun & basket = ham');
  });

  it('a row holds at most so many', () => {
    const cut = fitFeatures(dataset, train, { minCount: 1, crosses: [{ fields: ['genres', 'basket'], maxValues: 3 }] });
    const { slots, index } = cut.encoder.encodeCrosses(dataset);
    expect(slots).toBe(3);
    expect(index.subarray(0, 3).every((row) => row >= 0)).toBe(true);
    expect(new Set(index.subarray(0, 3)).size).toBe(3);
  });

  it('fields may serve crosses alone', () => {
    const { encoder: each } = fitFeatures(dataset, train, {
      fields: {
        ageGroup: { column: 'age', encode: 'buckets', boundaries: [25, 35], crossOnly: true },
        age: { encode: 'standard' },
      },
      crosses: [{ fields: ['ageGroup', 'job'] }],
    });
    expect(each.layout.fields.map(({ name }) => name)).not.toContain('ageGroup');
    expect(each.encodeUsers(dataset).slots).toBe(3);
    expect(each.crossValueName(0)).toMatch(/^ageGroup < 25 & job = /);
  });
});

describe('examples', () => {
  it('share the rows of users and items, and have context, crosses and labels of their own', () => {
    const { encoder } = fitFeatures(dataset, train, { minCount: 1, crosses: [{ fields: ['job', 'weather'] }] });
    const examples = encoder.encodeExamples(dataset, train);
    expect(examples).toMatchObject({ nRows: 4, user: train.userIndex, item: train.itemIndex });
    expect([examples.users!.nRows, examples.items!.nRows, examples.context!.nRows, examples.crosses!.nRows]).toEqual([
      4, 3, 4, 4,
    ]);
    expect([...examples.label]).toEqual([1, 1, 1, 1]);
    const rated = { ...train, rating: Float32Array.of(0, 1, 1, 0) };
    expect([...encoder.encodeExamples(dataset, rated).label]).toEqual([0, 1, 1, 0]);
    const told = encoder.encodeExamples(dataset, rated, Float32Array.of(5, 4, 3, 2));
    expect([...told.label]).toEqual([5, 4, 3, 2]);
  });
  it('what an owner has no field of is null', () => {
    const bare = madeFeatures(rows, [texts('weather', ['a', 'b', 'a', 'b', 'a'])]);
    const { userFields, itemFields, ...rest } = bare;
    const none = (nRows: number) => ({ nRows, fields: [], title: null });
    const world = { ...rest, userFields: none(userFields.nRows), itemFields: none(itemFields.nRows) };
    const { encoder } = fitFeatures(world, world.interactions, { userId: false, itemId: false });
    expect(encoder.encodeExamples(world, world.interactions)).toMatchObject({
      user: null,
      users: null,
      item: null,
      items: null,
      crosses: null,
    });
  });
});

describe('one row by its names', () => {
  const options: FeatureOptions = { minCount: 1, crosses: [{ fields: ['job', 'genres'] }, { fields: ['job', 'age'] }] };
  const { encoder } = fitFeatures(dataset, train, options);
  const record = {
    user_id: 'ann',
    age: 20.5,
    job: 'cook',
    item_id: 'heat',
    genres: 'crime|drama',
    price: '9.5',
    weather: 'sun',
    hour_of_day: 8,
    spent: 1.5,
    basket: ['egg', 'ham'],
  };

  it('is encoded as the same row of the data', () => {
    const one = encoder.encodeRow(record);
    const first = ({ slots, index, value }: FieldRows): FieldRows => ({
      nRows: 1,
      slots,
      index: index.slice(0, slots),
      value: value === null ? null : value.slice(0, slots),
    });
    expect(one.user).toEqual(first(encoder.encodeUsers(dataset)));
    expect(one.item).toEqual(first(encoder.encodeItems(dataset)));
    expect(one.context).toEqual(first(encoder.encodeContext(dataset.interactions)));
    expect(one.crosses).toEqual(first(encoder.encodeCrosses(dataset)));
    expect(one.notes).toEqual([]);
  });

  it('with unknown, missing, odd or misspelt cells is encoded all the same, with a note on each', () => {
    const { user, item, notes } = encoder.encodeRow({
      user_id: 'zed',
      age: Number.NaN,
      job: '',
      item_id: 5,
      genres: null,
      price: Number.POSITIVE_INFINITY,
      weather: 'fog',
      hour_of_day: 'noon',
      spent: undefined,
      baskett: 'egg',
      name: 'Heat',
    });
    const names = (part: FieldRows) =>
      Array.from(part.index)
        .filter((row) => row >= 0)
        .map((row) => encoder.fieldValueName(row));
    expect(names(user)).toEqual(['age = (missing)']);
    expect(names(item)).toEqual([]);
    expect(notes).toEqual([
      '"baskett" is not a field; did you mean "basket"?',
      '"user_id": "zed" was not, or rarely, seen in training',
      ...['"age" has no value', '"job" has no value', '"item_id": 5 was not, or rarely, seen in training'],
      ...['"genres" has no value', '"price" has no value', '"weather": "fog" was not, or rarely, seen in training'],
      ...['"hour_of_day" has no value', '"spent" has no value', '"basket" has no value'],
    ]);
  });

  it.each([
    [{}],
    [{ user_id: {} }],
    [{ basket: 7 }],
    [{ age: true, spent: new Date(0), weather: 3 }],
    [{ genres: [null, 'x'] }],
  ])('never throws: %j', (odd) => {
    expect(encoder.encodeRow(odd as Record<string, unknown>).user.nRows).toBe(1);
  });
});

describe('the stored form', () => {
  const options: FeatureOptions = {
    minCount: 2,
    crosses: [{ fields: ['weather', 'basket'] }, { fields: ['job', 'age'], nBuckets: 3 }],
    fields: {
      spent: { encode: 'quantile', nQuantiles: 4 },
      price: { encode: 'log' },
      weather: { encode: 'hash', nBuckets: 7 },
      hour_of_day: { encode: 'log2' },
    },
  };
  const { encoder } = fitFeatures(dataset, train, options);
  const stored = JSON.stringify(encoder);

  it('encodes as before', () => {
    const again = parseFeatures(JSON.parse(stored));
    expect(again.layout).toEqual(encoder.layout);
    expect(again.encodeContext(dataset.interactions)).toEqual(encoder.encodeContext(dataset.interactions));
    expect(again.encodeUsers(dataset)).toEqual(encoder.encodeUsers(dataset));
    expect(again.encodeItems(dataset)).toEqual(encoder.encodeItems(dataset));
    expect(again.encodeCrosses(dataset)).toEqual(encoder.encodeCrosses(dataset));
    expect(JSON.stringify(again)).toBe(stored);
  });

  it('fitting again gives the same bytes', () => {
    expect(JSON.stringify(fitFeatures(dataset, train, options).encoder)).toBe(stored);
  });

  type Stored = { version: number; fields: Record<string, unknown>[]; crosses: Record<string, unknown>[] };
  const bad: [what: string, harm: (json: Stored) => unknown][] = [
    ['nothing', () => null],
    ['another version', (json) => ({ ...json, version: 2 })],
    ['an unknown encoding', (json) => ({ ...json, fields: [{ ...json.fields[0], encoding: { encode: 'x' } }] })],
    ['repeated values', (json) => ({ ...json, fields: [withValues(json.fields[0], ['a', 'a'])] })],
    ['a field twice', (json) => ({ ...json, fields: [...json.fields, json.fields[0]] })],
    ['a cross of no field', (json) => ({ ...json, fields: json.fields.filter(({ name }) => name !== 'job') })],
    ['a cross cut short', (json) => ({ ...json, crosses: [{ ...json.crosses[0], combinations: [0] }] })],
    ['a cross of no value', (json) => ({ ...json, crosses: [{ ...json.crosses[0], combinations: [0, 99] }] })],
    ['a cross without rows', (json) => ({ ...json, crosses: [{ ...json.crosses[0], combinations: null }] })],
    ['a number that is none', (json) => ({ ...json, crosses: [{ ...json.crosses[0], slots: 0 }] })],
  ];
  const withValues = (field: Record<string, unknown>, values: string[]) => ({
    ...field,
    encoding: { ...(field.encoding as object), values },
  });
  it.each(bad)('with %s is refused', async (_, harm) => {
    expect(await codeOf(() => parseFeatures(harm(JSON.parse(stored) as Stored)))).toBe('artifact');
  });

  it('names no row that is not there', async () => {
    expect(await codeOf(() => encoder.fieldValueName(encoder.layout.nRows))).toBe('not-found');
    expect(await codeOf(() => encoder.crossValueName(-1))).toBe('not-found');
  });
});
