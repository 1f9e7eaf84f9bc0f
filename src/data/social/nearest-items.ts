/** For every item the items that are rated most alike: the cosine of their columns of ratings. */
import { BestLists } from '../best-lists.ts';
import { type SparseRows, transposeRows } from '../sparse-rows.ts';

export interface NearestItems {
  /** Row i: the nearest items of i, ascending, without i itself. */
  readonly rows: SparseRows;
  /** Their cosines, in (0, 1]. */
  readonly cosine: Float32Array;
}

/**
 * Cost: the sum over users of the squared number of ratings.
 * @param rated the distinct training items of every user, ascending
 * @param rating that of each entry of `rated`, not negative
 * @param k most items in a list
 */
export function nearestItems(rated: SparseRows, rating: Float32Array, nItems: number, k: number): NearestItems {
  const raters = transposeRows(rated, nItems);
  const norm = new Float64Array(nItems);
  rated.columns.forEach((item, entry) => {
    norm[item] += rating[entry] ** 2;
  });
  for (let item = 0; item < nItems; item++) norm[item] = Math.sqrt(norm[item]);
  const best = new BestLists(nItems, Math.min(k, Math.max(1, nItems - 1)));
  const product = new Float64Array(nItems);
  // a user's entry of the present item: items come in ascending order
  const next = rated.rowStart.slice(0, rated.nRows);
  for (let item = 0; item < nItems; item++) {
    const touched: number[] = [];
    for (let r = raters.rowStart[item]; r < raters.rowStart[item + 1]; r++) {
      const user = raters.columns[r];
      const own = rating[next[user]++];
      for (let entry = rated.rowStart[user]; entry < rated.rowStart[user + 1]; entry++) {
        const other = rated.columns[entry];
        const value = own * rating[entry];
        if (other === item || value === 0) continue;
        if (product[other] === 0) touched.push(other);
        product[other] += value;
      }
    }
    for (const other of touched) {
      best.offer(item, other, Math.min(1, product[other] / (norm[item] * norm[other])));
      product[other] = 0;
    }
  }
  const { rows, values } = best.listed();
  return { rows, cosine: values };
}
