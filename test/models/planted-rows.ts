/** Rows of categorical fields whose label depends on a few known pairs of fields, or on a few known fields, among useless ones. */
import { RandomStream } from '../../src/core/random.ts';
import type { EncodedField, FieldLayout } from '../../src/data/features/field-rows.ts';
import type { LabelledRows } from '../../src/examples/forms.ts';

export interface PlantedRows {
  readonly data: LabelledRows;
  /** Rows of the same world that no training sees. */
  readonly held: LabelledRows;
  /** Names of the pairs or fields on which labels depend. */
  readonly useful: readonly string[];
}

/** @param values how many values each field has */
function layoutOf(values: readonly number[]): FieldLayout {
  let firstRow = 0;
  const fields = values.map((nRows, n): EncodedField => {
    const field = {
      name: `f${n}`,
      owner: 'context',
      firstRow,
      nRows,
      firstSlot: n,
      slots: 1,
      weighted: false,
    } as const;
    firstRow += nRows;
    return field;
  });
  return { fields, nRows: firstRow, crosses: [], nCrossRows: 0 };
}

/** @param logit of the values of a row, numbered from 0 in each field */
function rowsOf(
  layout: FieldLayout,
  nRows: number,
  random: RandomStream,
  logit: (x: Int32Array) => number,
): LabelledRows {
  const slots = layout.fields.length;
  const index = new Int32Array(nRows * slots);
  const label = new Float32Array(nRows);
  const x = new Int32Array(slots);
  for (let r = 0; r < nRows; r++) {
    layout.fields.forEach(({ firstRow, nRows: values }, f) => {
      x[f] = random.below(values);
      index[r * slots + f] = firstRow + x[f];
    });
    label[r] = random.uniform() < 1 / (1 + Math.exp(-logit(x))) ? 1 : 0;
  }
  const context = { nRows, slots, index, value: null };
  const none = { user: null, item: null, users: null, items: null, crosses: null };
  return { layout, examples: { nRows, ...none, context, label } };
}

/** N(0, deviation²) for every cell of a table, without row and column means, so that no field alone tells anything of it. */
function interaction(n: number, m: number, deviation: number, random: RandomStream): number[][] {
  const t = Array.from({ length: n }, () => Array.from({ length: m }, () => deviation * random.normal()));
  const mean = (x: readonly number[]) => x.reduce((sum, v) => sum + v, 0) / x.length;
  const rows = t.map(mean);
  const columns = t[0].map((_, j) => mean(t.map((row) => row[j])));
  const all = mean(rows);
  return t.map((row, i) => row.map((v, j) => v - rows[i] - columns[j] + all));
}

/** 12 fields of 8 values; labels depend on 4 of their 66 pairs, and on 3 fields alone that are in none of these. */
export function plantedPairs(nRows: number, seed = 1): PlantedRows {
  const layout = layoutOf(Array<number>(12).fill(8));
  const random = new RandomStream(seed, 'planted pairs');
  const pairs = [[0, 1], [2, 7], [0, 5], [9, 10]] as const; // biome-ignore format: one line
  const tables = pairs.map(([i, j]) => interaction(8, 8, 1, random.child(`pair ${i} ${j}`)));
  const alone = [3, 4, 8].map((f) => ({ f, weights: Array.from({ length: 8 }, () => 0.5 * random.normal()) }));
  const logit = (x: Int32Array) =>
    pairs.reduce((sum, [i, j], n) => sum + tables[n][x[i]][x[j]], -0.5) +
    alone.reduce((sum, { f, weights }) => sum + weights[x[f]], 0);
  return {
    data: rowsOf(layout, nRows, random.child('rows'), logit),
    held: rowsOf(layout, Math.ceil(nRows / 4), random.child('held rows'), logit),
    useful: pairs.map(([i, j]) => `f${i} × f${j}`),
  };
}

/**
 * 30 fields, every third of 50 values, the others of 6; labels depend on 8 of them: on 4 alone, some weakly, and on 4 only in pairs.
 */
export function plantedFields(nRows: number, seed = 1): PlantedRows {
  const values = Array.from({ length: 30 }, (_, f) => (f % 3 === 0 ? 50 : 6));
  const layout = layoutOf(values);
  const random = new RandomStream(seed, 'planted fields');
  const alone = [2, 9, 13, 20].map((f, n) => ({
    f,
    weights: Array.from({ length: values[f] }, () => [0.8, 0.6, 0.4, 0.3][n] * random.normal()),
  }));
  const pairs = [[5, 11], [16, 28]] as const; // biome-ignore format: one line
  const tables = pairs.map(([i, j]) => interaction(values[i], values[j], 1, random.child(`pair ${i} ${j}`)));
  const logit = (x: Int32Array) =>
    alone.reduce((sum, { f, weights }) => sum + weights[x[f]], -0.5) +
    pairs.reduce((sum, [i, j], n) => sum + tables[n][x[i]][x[j]], 0);
  const useful = [...alone.map(({ f }) => f), ...pairs.flat()].sort((a, b) => a - b);
  return {
    data: rowsOf(layout, nRows, random.child('rows'), logit),
    held: rowsOf(layout, Math.ceil(nRows / 4), random.child('held rows'), logit),
    useful: useful.map((f) => `f${f}`),
  };
}
