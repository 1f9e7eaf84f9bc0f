/** The best items of one person where a program scores pairs; where few items are left to choose from, these alone are scored. */
import type { Engine } from '../engine/runtime/engine.ts';
import { type Person, RankingTables, type ScoreForm } from '../engine/runtime/ranking.ts';
import { listAt, type TopItems } from './top-items.ts';

type PairForm = Extract<ScoreForm, { form: 'pair' }>;

/** @param excluded items, ascending and distinct, that may not be returned */
export function bestOfPerson(
  tables: Pick<RankingTables, 'rank'>,
  person: Person,
  k: number,
  excluded: Int32Array,
  nItems: number,
): TopItems {
  const topK = Math.min(k, nItems);
  const outcome = tables.rank({
    users: Int32Array.of(0),
    person,
    excluded: { rowStart: Int32Array.of(0, excluded.length), columns: excluded },
    topK,
  });
  return listAt(outcome, 0, topK);
}

/**
 * The best of some items for the one request whose row the form has, by a table of their rows.
 * @param left these items, ascending and distinct
 */
export function bestOfFew(engine: Engine, form: PairForm, left: Int32Array, k: number): TopItems {
  if (left.length === 0) return { items: left, scores: new Float32Array(0) };
  const { itemWidth } = form;
  const items = new Float32Array(left.length * itemWidth);
  left.forEach((item, place) => {
    items.set(form.items.subarray(item * itemWidth, (item + 1) * itemWidth), place * itemWidth);
  });
  const tables = new RankingTables(engine, { ...form, items }, left.length);
  try {
    const best = bestOfPerson(tables, { vector: form.users }, k, new Int32Array(0), left.length);
    return { items: best.items.map((place) => left[place]), scores: best.scores };
  } finally {
    tables.free();
  }
}

/** All items but these. @param excluded ascending and distinct */
export function itemsBut(excluded: Int32Array, nItems: number): Int32Array {
  const left = new Int32Array(nItems - excluded.length);
  let [n, next] = [0, 0];
  for (let item = 0; item < nItems; item++) {
    if (excluded[next] === item) next++;
    else left[n++] = item;
  }
  return left;
}
