/** Intra-list diversity: how unlike each other the items of one list are (Ziegler et al., WWW 2005). */
import type { FieldTable } from '../../data/dataset.ts';
import { type SparseRows, sparseRows } from '../../data/sparse-rows.ts';
import type { RecommendationLists } from './recommendation-lists.ts';

export const setSimilarities = ['jaccard', 'cosine'] as const;
/** jaccard: |A∩B| / |A∪B|; cosine: |A∩B| / √(|A|·|B|). */
export type SetSimilarity = (typeof setSimilarities)[number];

/**
 * Diversity@k per user [U] in [0, 1]: 1 − mean similarity of the pairs of the list. Pairs with an item of unknown
 * categories are left out; NaN when no pair is left.
 * @param categories the categories (genres …) of each item, ascending and distinct in a row
 */
export function diversity(
  lists: RecommendationLists,
  k: number,
  categories: SparseRows,
  similarity: SetSimilarity = 'jaccard',
): Float64Array {
  const values = new Float64Array(lists.nUsers);
  for (let user = 0; user < lists.nUsers; user++) {
    const first = user * lists.listLength;
    const list = lists.items.subarray(first, first + Math.min(k, lists.listLength));
    values[user] = 1 - meanSimilarity(list, categories, similarity);
  }
  return values;
}

function meanSimilarity(list: Int32Array, categories: SparseRows, similarity: SetSimilarity): number {
  const { rowStart } = categories;
  const known = list.filter((item) => item >= 0 && rowStart[item + 1] > rowStart[item]);
  let sum = 0;
  for (let a = 0; a < known.length; a++)
    for (let b = 0; b < a; b++) {
      const nA = rowStart[known[a] + 1] - rowStart[known[a]];
      const nB = rowStart[known[b] + 1] - rowStart[known[b]];
      const shared = nShared(categories, known[a], known[b]);
      sum += similarity === 'jaccard' ? shared / (nA + nB - shared) : shared / Math.sqrt(nA * nB);
    }
  return sum / ((known.length * (known.length - 1)) / 2);
}

/** |A ∩ B| of two ascending rows. */
function nShared({ rowStart, columns }: SparseRows, a: number, b: number): number {
  let shared = 0;
  let i = rowStart[a];
  let j = rowStart[b];
  while (i < rowStart[a + 1] && j < rowStart[b + 1]) {
    const difference = columns[i] - columns[j];
    if (difference === 0) shared++;
    if (difference <= 0) i++;
    if (difference >= 0) j++;
  }
  return shared;
}

/**
 * The category set of each item, from its side information: the multi-valued fields (genres, tags) where there are any,
 * else the categorical ones. Null when the table has neither.
 */
export function itemCategories(table: FieldTable): SparseRows | null {
  const multi = table.fields.filter((field) => field.kind === 'multi');
  const chosen = multi.length > 0 ? multi : table.fields.filter((field) => field.kind === 'categorical');
  if (chosen.length === 0) return null;
  const item: number[] = [];
  const category: number[] = [];
  const indexOf = new Map<string, number>();
  for (const field of chosen)
    field.values.forEach((cell, row) => {
      for (const value of cell === null ? [] : typeof cell === 'string' ? [cell] : (cell as readonly string[])) {
        const key = JSON.stringify([field.name, value]);
        if (!indexOf.has(key)) indexOf.set(key, indexOf.size);
        item.push(row);
        category.push(indexOf.get(key)!);
      }
    });
  return sparseRows(table.nRows, Int32Array.from(item), Int32Array.from(category), true);
}
