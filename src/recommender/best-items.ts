/** The best items of one person, whatever the form of the score: by retrieval where it is a dot product, else by ranking. */
import { joinedAscending } from '../data/sparse-rows.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { type Lists, RankingTables, type ScoreForm } from '../engine/runtime/ranking.ts';
import { Retrieval } from '../engine/runtime/retrieval.ts';
import type { TopItems } from './top-items.ts';

/** A score's tables in the engine's memory, made once and asked often. */
export class BestItems {
  readonly #form: ScoreForm;
  readonly #nItems: number;
  readonly #tables: Retrieval | RankingTables;

  constructor(engine: Engine, form: ScoreForm, nItems: number) {
    this.#form = form;
    this.#nItems = nItems;
    this.#tables =
      form.form === 'dot' ? new Retrieval(engine, form.items, form.width) : new RankingTables(engine, form, nItems);
  }

  /**
   * The best k items of the person in a row, best first, of equal scores those with the smaller index.
   * @param excluded items, ascending and distinct, that may not be returned, besides those that the form ranks last
   */
  find(row: number, k: number, excluded: Int32Array): TopItems {
    const form = this.#form;
    if (form.form === 'dot' && this.#tables instanceof Retrieval) {
      const query = form.users.subarray(row * form.width, (row + 1) * form.width);
      return this.#tables.search(query, { k, excluded: joinedAscending(excluded, form.last) });
    }
    const { topItems, topScores } = (this.#tables as RankingTables).rank({
      users: Int32Array.of(row),
      excluded: onlyRow(row, excluded),
      topK: Math.min(k, this.#nItems),
    });
    const n = topItems.indexOf(-1);
    const end = n < 0 ? topItems.length : n;
    return { items: topItems.slice(0, end), scores: topScores.slice(0, end) };
  }

  free(): void {
    this.#tables.free();
  }
}

/** Lists of which one row has columns. */
function onlyRow(row: number, columns: Int32Array): Lists {
  const rowStart = new Int32Array(row + 2);
  rowStart[row + 1] = columns.length;
  return { rowStart, columns };
}
