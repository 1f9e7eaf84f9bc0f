/** The best items of one person, whatever the form of the score: by retrieval where it is a dot product, else by ranking. */
import { joinedAscending, rowOf } from '../data/sparse-rows.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { rankingTables, type Tables } from '../engine/runtime/large-tables.ts';
import type { Person, TableForm } from '../engine/runtime/ranking.ts';
import { Retrieval } from '../engine/runtime/retrieval.ts';
import { bestOfPerson } from './best-of-few.ts';
import type { TopItems } from './top-items.ts';

/** A score's tables in the engine's memory, made once and asked often. */
export class BestItems {
  readonly #form: TableForm;
  readonly #nItems: number;
  readonly #tables: Retrieval | Tables;

  constructor(engine: Engine, form: TableForm, nItems: number) {
    this.#form = form;
    this.#nItems = nItems;
    this.#tables =
      form.form === 'dot' ? new Retrieval(engine, form.items, form.width) : rankingTables(engine, form, nItems);
  }

  /**
   * The best k items of a person of the training, best first, of equal scores those with the smaller index.
   * @param row of the score's user table or histories
   * @param excluded items, ascending and distinct, that may not be returned, besides those that the form ranks last
   */
  find(row: number, k: number, excluded: Int32Array): TopItems {
    const form = this.#form;
    if (form.form === 'history') return this.findFor({ history: rowOf(form.history, row) }, k, excluded);
    const width = form.form === 'pair' ? form.userWidth : form.width;
    const vector = form.users.subarray(row * width, (row + 1) * width);
    const isByBoth = form.form === 'takers' || form.form === 'two-steps';
    return this.findFor(isByBoth ? { vector, history: rowOf(form.history, row) } : { vector }, k, excluded);
  }

  /**
   * The same for anybody.
   * @param person the person's row of the user table, for item-to-item weights the items that the person took, ascending, and
   *   both for sums over the takers of an item and for steps in the graph
   */
  findFor(person: Person, k: number, excluded: Int32Array): TopItems {
    if (this.#tables instanceof Retrieval)
      return this.#tables.search((person as { vector: Float32Array }).vector, {
        k,
        excluded: joinedAscending(excluded, this.#form.last),
      });
    return bestOfPerson(this.#tables, person, k, excluded, this.#nItems);
  }

  free(): void {
    this.#tables.free();
  }
}
