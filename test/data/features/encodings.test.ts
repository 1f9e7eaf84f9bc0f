import { describe, expect, it } from 'vitest';
import type { FeatureOptions } from '../../../src/data/features/feature-options.ts';
import { fitFeatures } from '../../../src/data/features/fit-features.ts';
import type { ValueColumn } from '../../../src/data/value-columns.ts';
import { testRandom } from '../made-data.ts';
import { lists, madeFeatures, numbers, texts } from './made-features.ts';

type Field = NonNullable<FeatureOptions['fields']>[string];

/** A context column `x` fitted on `train` and applied to `test`: the rows of its table and the values. */
function encode(train: ValueColumn, test: ValueColumn, field: Field | null, more: FeatureOptions = {}) {
  const rowsOf = (column: ValueColumn) => {
    const n =
      column.kind === 'multi'
        ? column.rowStart.length - 1
        : 'value' in column
          ? column.value.length
          : column.index.length;
    return madeFeatures(
      Array.from({ length: n }, () => [0, 0] as const),
      [column],
    );
  };
  const dataset = rowsOf(train);
  const { encoder, warnings, notes } = fitFeatures(dataset, dataset.interactions, {
    userId: false,
    itemId: false,
    fields: field ? { x: field } : {},
    ...more,
  });
  const encoded = encoder.encodeContext(rowsOf(test).interactions);
  const [layout] = encoder.layout.fields.filter(({ owner }) => owner === 'context');
  return {
    rows: Array.from(encoded.index, (row) => (row < 0 ? -1 : row - layout.firstRow)),
    values: encoded.value && [...encoded.value],
    names: Array.from({ length: layout.nRows }, (_, row) => encoder.fieldValueName(layout.firstRow + row)),
    layout,
    warnings,
    notes,
    encoder,
  };
}

describe('categories', () => {
  it('have a row each from the minimum count on; rarer and new ones share a row; missing has its own', () => {
    const train = texts('x', ['b', 'a', 'b', 'c', null, 'a']);
    const { rows, names } = encode(train, texts('x', ['a', 'b', 'c', 'new', null]), {
      encode: 'category',
      minCount: 2,
    });
    expect(names).toEqual(['x = b', 'x = a', 'x = (rare or new)', 'x = (missing)']);
    expect(rows).toEqual([1, 0, 2, 2, 3]);
  });
  it('new and missing ones have no value when training had none such', () => {
    const { rows, names } = encode(texts('x', ['b', 'a']), texts('x', ['new', null, 'a']), {
      ...({ encode: 'category', minCount: 1 } as const),
    });
    expect(names).toEqual(['x = b', 'x = a']);
    expect(rows).toEqual([-1, -1, 1]);
  });
  it('hashed: the same text has the same bucket, whatever was seen', () => {
    const many = Array.from({ length: 500 }, (_, k) => `v${k}`);
    const { rows, layout } = encode(texts('x', ['a', null]), texts('x', [...many, null, 'v3']), {
      ...({ encode: 'hash', nBuckets: 10 } as const),
    });
    expect(layout.nRows).toBe(11);
    expect([rows[500], rows[501]]).toEqual([10, rows[3]]);
    const count = new Map<number, number>();
    for (const row of rows.slice(0, 500)) count.set(row, (count.get(row) ?? 0) + 1);
    expect([...count.keys()].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    for (const n of count.values()) expect(Math.abs(n - 50)).toBeLessThan(30); // 4.5 standard deviations
  });
  it('of numbers are the numbers themselves', () => {
    const { rows, names } = encode(numbers('x', [3, 1, 3, 1]), numbers('x', [1, 3, 2]), { encode: 'category' });
    expect([names, rows]).toEqual([
      ['x = 1', 'x = 3'],
      [0, 1, -1],
    ]);
  });
  it('a million of them, all but some rare', () => {
    const n = 1_000_000;
    const train: ValueColumn = {
      name: 'x',
      kind: 'categorical',
      values: Array.from({ length: n }, (_, k) => `v${k}`),
      index: Int32Array.from({ length: n + 2 }, (_, k) => k % n),
    };
    const { layout, notes } = encode(train, texts('x', ['v1', 'v2']), { encode: 'category', minCount: 2 });
    expect(layout.nRows).toBe(3);
    expect(notes.join('\n')).toMatch(/share one row: x \(999,998\)/);
  });
});

describe('several values in a cell', () => {
  const train = lists('x', [['a', 'b', 'c'], ['b'], [], ['c', 'a']]);
  const test = lists('x', [['c', 'new', 'a'], [], ['b', 'a', 'c', 'a'], ['new']]);
  it('mean: each weighs one over the number of known ones, up to the longest training cell', () => {
    const { rows, values, layout } = encode(train, test, { encode: 'category', minCount: 1 });
    expect([layout.slots, layout.nRows, layout.weighted]).toEqual([3, 4, true]);
    expect(rows).toEqual([2, 0, -1, 3, -1, -1, 1, 0, 2, -1, -1, -1]);
    const third = Math.fround(1 / 3);
    expect(values).toEqual([0.5, 0.5, 1, 1, 1, 1, third, third, third, 1, 1, 1]);
  });
  it('sum: each weighs one; longer cells are cut and counted', () => {
    const { rows, values, layout, warnings } = encode(train, test, {
      encode: 'category',
      pooling: 'sum',
      maxValues: 2,
      minCount: 1,
    });
    expect([layout.slots, layout.weighted, values]).toEqual([2, false, null]);
    expect(rows).toEqual([2, 0, 3, -1, 1, 0, -1, -1]);
    expect(warnings.join('\n')).toMatch(/"x": 1 cell with more values/);
  });
  it('with weights of their own (libfm) keep them', () => {
    const weighted = { ...test, weight: Float32Array.of(2, 3, 4, 5, 6, 7, 8, 9) } as ValueColumn;
    const { rows, values } = encode({ ...train, weight: new Float32Array(6).fill(2) } as ValueColumn, weighted, {
      ...({ encode: 'category', minCount: 1, pooling: 'sum' } as const),
    });
    expect(rows.slice(0, 3)).toEqual([2, 0, -1]);
    expect(values!.slice(0, 9)).toEqual([2, 4, 1, 1, 1, 1, 5, 6, 7]);
  });
});

describe('numbers', () => {
  const random = testRandom(3);
  const train = Array.from({ length: 400 }, () => random(2000) / 8 - 40);
  const test = [-1000, -40, 0, 3.3, 88.125, 1e9];
  const sorted = [...train].sort((a, b) => a - b);
  const mean = train.reduce((a, b) => a + b) / 400;
  const spread = Math.sqrt(train.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 400);

  it('standard: (x − mean) / deviation of the training rows, times one row', () => {
    const { rows, values, layout } = encode(numbers('x', train), numbers('x', test), { encode: 'standard' });
    expect([layout.nRows, layout.weighted, rows]).toEqual([1, true, [0, 0, 0, 0, 0, 0]]);
    test.forEach((x, k) => {
      expect(values![k]).toBe(Math.fround((x - mean) / spread));
    });
  });
  it('log: sign(x)·ln(1 + |x|), standardised', () => {
    const log = (x: number) => (x < 0 ? -1 : 1) * Math.log(1 + Math.abs(x));
    const logs = train.map(log);
    const m = logs.reduce((a, b) => a + b) / 400;
    const s = Math.sqrt(logs.reduce((sum, x) => sum + (x - m) ** 2, 0) / 400);
    const { values } = encode(numbers('x', train), numbers('x', test), { encode: 'log' });
    test.forEach((x, k) => {
      expect(values![k]).toBeCloseTo((log(x) - m) / s, 5);
    });
  });
  it('value: as it is', () => {
    expect(encode(numbers('x', train), numbers('x', test), { encode: 'value' }).values).toEqual(test.map(Math.fround));
  });
  it('quantile: (i − 1) / (n_q − 1) for the i-th quantile', () => {
    const { values } = encode(numbers('x', train), numbers('x', test), { encode: 'quantile', nQuantiles: 5 });
    const cuts = [80, 160, 240, 320].map((k) => sorted[k]);
    expect(values).toEqual(test.map((x) => Math.fround(cuts.filter((cut) => cut <= x).length / 4)));
    expect(values![0]).toBe(0);
    expect(values![5]).toBe(1);
  });
  it('buckets: equally full, each with a row', () => {
    const { rows, layout } = encode(numbers('x', train), numbers('x', train), { encode: 'buckets', nBuckets: 8 });
    expect(layout.nRows).toBe(8);
    const cuts = [1, 2, 3, 4, 5, 6, 7].map((k) => sorted[k * 50]);
    expect(rows).toEqual(train.map((x) => cuts.filter((cut) => cut <= x).length));
    for (let b = 0; b < 8; b++) expect(Math.abs(rows.filter((row) => row === b).length - 50)).toBeLessThan(5);
  });
  it('buckets of a number that fills most of the rows: fewer, none empty', () => {
    const mostlyZero = [...new Array(95).fill(0), 1, 2, 3, 4, 5];
    const { rows, layout, names } = encode(numbers('x', mostlyZero), numbers('x', mostlyZero), {
      ...({ encode: 'buckets', nBuckets: 50 } as const),
    });
    expect(new Set(rows).size).toBe(layout.nRows);
    expect(names).toEqual(['x < 2', 'x in [2, 4)', 'x ≥ 4']);
  });
  it('buckets between told boundaries', () => {
    const { rows, names } = encode(numbers('x', [1]), numbers('x', [17, 18, 64.9, 65]), {
      ...({ encode: 'buckets', boundaries: [18, 65] } as const),
    });
    expect([rows, names]).toEqual([
      [0, 1, 1, 2],
      ['x < 18', 'x in [18, 65)', 'x ≥ 65'],
    ]);
  });
  it('log²: ⌊ln(x)²⌋ above 2, else the number', () => {
    const { names, rows } = encode(numbers('x', [-2, 0, 1, 2, 3, 10, 11, 1000]), numbers('x', [0.5, 4, 1001, 5e8]), {
      ...({ encode: 'log2', minCount: 1 } as const),
    });
    expect(names).toEqual(['n-2', 'n0', 'n1', 'n2', '1', '5', '47'].map((b) => `x = log² bucket ${b}`));
    expect(rows).toEqual([1, 4, 6, -1]);
  });
  it.each(['standard', 'log', 'value', 'quantile', 'buckets', 'log2'] as const)(
    '%s: a missing number has a row when training had one, else no value',
    (encoding) => {
      const missing = numbers('x', [Number.NaN, 2]);
      const seen = encode(numbers('x', [1, Number.NaN, 2, 1]), missing, { encode: encoding });
      expect(seen.rows[0]).toBe(seen.layout.nRows - 1);
      expect(seen.names.at(-1)).toMatch(/missing/);
      expect(seen.values?.[0] ?? 1).toBe(1);
      expect(encode(numbers('x', [1, 3, 2, 2]), missing, { encode: encoding }).rows[0]).toBe(-1);
    },
  );
  it('all equal, or all missing, do no harm', () => {
    for (const encoding of ['standard', 'log', 'value', 'quantile', 'buckets', 'log2'] as const)
      for (const x of [7, Number.NaN]) {
        const { values } = encode(numbers('x', [x, x]), numbers('x', [x, 7, 8, Number.NaN]), { encode: encoding });
        for (const value of values ?? []) expect(Number.isFinite(value)).toBe(true);
      }
  });
});

describe('times', () => {
  const seconds = (iso: string) => Date.parse(iso) / 1000;
  const times = ['2024-02-29T23:59:59Z', '1970-01-01T00:00:00Z', '1969-12-31T05:00:00Z', '2026-11-23T12:30:00Z'];
  const column = numbers('x', times.map(seconds), 'time');
  it('become hours and weekdays, UTC', () => {
    const hour = encode(column, column, { encode: 'hour' });
    expect(hour.rows).toEqual([23, 0, 5, 12]);
    const weekday = encode(column, column, { encode: 'weekday' });
    expect(weekday.rows.map((row) => weekday.names[row])).toEqual(
      ['Thursday', 'Thursday', 'Wednesday', 'Monday'].map((d) => `x = ${d}`),
    );
  });
  it('by default both, or the weekday alone when all are days', () => {
    expect(encode(column, column, null).encoder.layout.fields.map(({ name }) => name)).toContain('x.hour');
    const days = numbers('x', [0, 86_400, 864_000], 'time');
    const names = encode(days, days, null).encoder.layout.fields.map(({ name }) => name);
    expect([names.includes('x.hour'), names.includes('x.weekday')]).toEqual([false, true]);
  });
});

describe('cells of another kind than in training', () => {
  it('are read as the fitted kind where they can be', () => {
    expect(encode(numbers('x', [1, 2]), texts('x', ['2', 'two', null]), { encode: 'value' }).rows).toEqual([0, -1, -1]);
    expect(encode(texts('x', ['1', '2']), numbers('x', [2, 3]), { encode: 'category', minCount: 1 }).rows).toEqual([
      1, -1,
    ]);
    const times = encode(numbers('x', [0], 'time'), texts('x', ['1970-01-02', '1970-01-01 06:00']), { encode: 'hour' });
    expect(times.rows).toEqual([0, 6]);
  });
});
