/** The best items of one person, whatever the form of the score: by retrieval where it is a dot product, else by ranking. */
import { rowOf, type SparseRows } from '../data/sparse-rows.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { RankingTables, type ScoreForm } from '../engine/runtime/ranking.ts';
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
   * @param excluded by row: items that may not be returned; null = none
   */
  find(row: number, k: number, excluded: SparseRows | null): TopItems {
    const form = this.#form;
    if (form.form === 'dot' && this.#tables instanceof Retrieval) {
      const query = form.users.subarray(row * form.width, (row + 1) * form.width);
      return this.#tables.search(query, { k, excluded: excluded ? rowOf(excluded, row) : undefined });
    }
    const { topItems, topScores } = (this.#tables as RankingTables).rank({
      users: Int32Array.of(row),
      excluded: excluded ?? undefined,
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
