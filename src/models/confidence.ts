/** Ratings and counts as confidence: how much an observed pair weighs (Hu, Koren, Volinsky, ICDM 2008, §4 and §6). */
import { DeepTasteError } from '../core/errors.ts';
import type { SparseRows } from '../data/sparse-rows.ts';

export interface Confidence {
  /** α; 0 = every observed pair weighs 1. */
  readonly confidence: number;
  /** r as it is, or ln(1 + r). */
  readonly confidenceScale: 'linear' | 'log';
}

/** The weight 1 + α r of an observed pair whose rating or count is r, or 1 + α ln(1 + r). */
export function confidenceOf(value: number, { confidence, confidenceScale }: Confidence): number {
  return 1 + confidence * (confidenceScale === 'log' ? Math.log1p(value) : value);
}

/**
 * The weights of observed pairs; null when every one weighs 1.
 * @param values rating or count of each pair, in the order of the columns; null = the data have none
 * @throws DeepTasteError `config`: there are no values; `data`: one of them is below 0
 */
export function pairWeights(values: Float32Array | null, options: Confidence): Float64Array | null {
  if (options.confidence === 0) return null;
  if (values === null)
    throw new DeepTasteError(
      'config',
      'confidence: needs ratings or counts, the data has none; say --rating COLUMN, or --duplicates count to count repeated pairs',
    );
  const negative = values.find((value) => !(value >= 0));
  if (negative !== undefined)
    throw new DeepTasteError(
      'data',
      `confidence: ratings and counts must be 0 or more, found ${negative}; leave such rows out with --min-rating`,
    );
  return Float64Array.from(values, (value) => confidenceOf(value, options));
}

/** Values of the entries of sparse rows in the order of the transposed rows (see `transposeRows`). */
export function transposedValues(rows: SparseRows, values: Float64Array, nColumns: number): Float64Array {
  const next = new Int32Array(nColumns + 1);
  for (const column of rows.columns) next[column + 1]++;
  for (let c = 0; c < nColumns; c++) next[c + 1] += next[c];
  const moved = new Float64Array(values.length);
  for (let k = 0; k < values.length; k++) moved[next[rows.columns[k]]++] = values[k];
  return moved;
}
