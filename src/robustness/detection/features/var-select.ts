/**
 * PCA-VarSelect: people who hardly move along the first principal components of everybody are suspicious, since profiles made by a recipe
 * are close to the mean and to each other.
 * Mehta, Nejdl: Unsupervised Strategies for Shilling Detection and Robust Collaborative Filtering. UMUAI 19, 2009.
 *
 *   z_ui = (x_ui − mean_i x_ui) / sd_i x_ui           x_ui = r_ui, 1 without ratings, 0 where u does not have i
 *   score_u = Σ_{k ≤ 3} PC_k(u)²                       PC_k: unit eigenvectors of the covariance of people, Z Zᵀ
 *
 * The smallest scores are the most suspicious. Z is full, but it is the sparse X less an outer product, each row scaled; neither Z nor
 * Z Zᵀ is formed. Squares do not depend on the signs of eigenvectors.
 */
import { DeepTasteError } from '../../../core/errors.ts';
import type { RandomStream } from '../../../core/random.ts';
import { transposeRows } from '../../../data/sparse-rows.ts';
import { type CorrectedMatrix, truncatedSvd } from '../../../engine/linalg/truncated-svd.ts';
import type { Engine } from '../../../engine/runtime/engine.ts';
import type { Profiles } from '../profiles.ts';
import type { ProfileFeature } from './feature.ts';

export interface VarSelectOptions {
  readonly engine: Engine;
  readonly random: RandomStream;
  /** Principal components that are added up; 3 by default. */
  readonly components?: number;
  /** What mean and deviation of a person are of: all items, with 0 for those not taken (default), or the rated ones alone. */
  readonly over?: 'all items' | 'rated items';
}

/**
 * Score of everybody [nUsers], in [0, components]; 0 for who has no items or rates all the same over the rated ones.
 * @throws DeepTasteError `config`: `over: 'rated items'` of rows without ratings; `numeric`: the components do not converge
 */
export function varSelect(profiles: Profiles, options: VarSelectOptions): Float64Array {
  const { engine, random, components = 3, over = 'all items' } = options;
  if (over === 'rated items' && profiles.rating === null)
    throw new DeepTasteError(
      'config',
      'var-select: deviations over rated items need ratings, found none; take all items',
      { key: 'over' },
    );
  const z = over === 'all items' ? overAllItems(profiles) : overRatedItems(profiles);
  const rank = Math.min(components, profiles.nUsers, profiles.nItems);
  if (!z.values.some((value) => value !== 0)) return new Float64Array(profiles.nUsers);
  // the space of the singular vectors is on the shorter side
  const vectors =
    profiles.nItems < profiles.nUsers
      ? leftFromRight(z, truncatedSvd(engine, z, { rank, random }))
      : truncatedSvd(engine, transposed(z), { rank, random }).right;
  const width = vectors.length / profiles.nUsers;
  return Float64Array.from({ length: profiles.nUsers }, (_, u) =>
    vectors.subarray(u * width, (u + 1) * width).reduce((sum, x) => sum + x * x, 0),
  );
}

function overAllItems({ nUsers, nItems, rows, rating }: Profiles): CorrectedMatrix {
  const values = new Float32Array(rows.columns.length);
  const shift = new Float64Array(nUsers);
  for (let u = 0; u < nUsers; u++) {
    const [start, end] = [rows.rowStart[u], rows.rowStart[u + 1]];
    let [sum, squares] = [0, 0];
    for (let entry = start; entry < end; entry++) {
      const x = rating ? rating[entry] : 1;
      sum += x;
      squares += x * x;
    }
    const mean = sum / nItems;
    const deviation = Math.sqrt(Math.max(0, squares / nItems - mean * mean));
    // who has everything, all rated the same, does not deviate
    if (deviation < 1e-12 * Math.abs(mean) || deviation === 0) continue;
    for (let entry = start; entry < end; entry++) values[entry] = (rating ? rating[entry] : 1) / deviation;
    shift[u] = mean / deviation;
  }
  const matrix = { nRows: nUsers, nColumns: nItems, rowStart: rows.rowStart, columns: rows.columns, values };
  return { ...matrix, minus: { rows: shift, columns: new Float64Array(nItems).fill(1) } };
}

function overRatedItems({ nUsers, nItems, rows, rating }: Profiles): CorrectedMatrix {
  const values = new Float32Array(rows.columns.length);
  for (let u = 0; u < nUsers; u++) {
    const own = rating!.subarray(rows.rowStart[u], rows.rowStart[u + 1]);
    const mean = own.reduce((sum, x) => sum + x, 0) / own.length;
    const deviation = Math.sqrt(own.reduce((sum, x) => sum + (x - mean) ** 2, 0) / own.length);
    if (deviation > 0)
      values.set(
        own.map((x) => (x - mean) / deviation),
        rows.rowStart[u],
      );
  }
  return { nRows: nUsers, nColumns: nItems, rowStart: rows.rowStart, columns: rows.columns, values };
}

function transposed(z: CorrectedMatrix): CorrectedMatrix {
  const { rowStart, columns } = transposeRows({ nRows: z.nRows, rowStart: z.rowStart, columns: z.columns }, z.nColumns);
  const values = new Float32Array(columns.length);
  const next = rowStart.slice();
  for (let k = 0; k < columns.length; k++) values[next[z.columns[k]]++] = z.values[k];
  const minus = z.minus && { rows: z.minus.columns, columns: z.minus.rows };
  return { nRows: z.nColumns, nColumns: z.nRows, rowStart, columns, values, minus };
}

/** Left singular vectors Z V / σ, [nRows × rank]. */
function leftFromRight(
  z: CorrectedMatrix,
  { values: sigma, right }: { readonly values: Float64Array; readonly right: Float64Array },
): Float64Array {
  const rank = sigma.length;
  const { nRows, rowStart, columns, values, minus } = z;
  const along = new Float64Array(rank);
  minus?.columns.forEach((y, c) => {
    for (let k = 0; k < rank; k++) along[k] += y * right[c * rank + k];
  });
  const left = new Float64Array(nRows * rank);
  for (let r = 0; r < nRows; r++)
    for (let k = 0; k < rank; k++) {
      let sum = minus ? -minus.rows[r] * along[k] : 0;
      for (let entry = rowStart[r]; entry < rowStart[r + 1]; entry++)
        sum += values[entry] * right[columns[entry] * rank + k];
      left[r * rank + k] = sum / sigma[k];
    }
  return left;
}

export const pcaVarSelect: ProfileFeature = {
  name: 'var-select',
  title: 'PCA-VarSelect',
  doc: 'sum of squares along the first three principal components of people, standardised over all items',
  source: 'Mehta & Nejdl 2009',
  suspicious: 'low',
  of: (profiles, { engine, random }) => varSelect(profiles, { engine, random }),
};
