/**
 * Items as short vectors for whoever learns from few events: how popular they are, and where they lie along the widest axes of the model's
 * vectors, or, for a model without any, whether their fields have the most frequent values. Each entry has mean 0 and deviation 1 over
 * the items.
 */
import { DeepTasteError } from '../../core/errors.ts';
import { principalAxes } from '../../engine/linalg/principal-axes.ts';
import type { Recommender } from '../../recommender/recommender.ts';
import { DIRECTIONS } from './bandit-model.ts';
import type { Catalogue } from './catalogue.ts';

const WIDTH = 1 + DIRECTIONS;

export class ItemDescriptions {
  readonly #values: Float64Array; // [items × WIDTH]

  constructor(recommender: Recommender, catalogue: Catalogue) {
    const { size } = catalogue;
    this.#values = new Float64Array(size * WIDTH);
    const { popularity } = recommender.asks;
    this.#column(0, size, (item) => Math.log1p(popularity[item] ?? 0));
    if (!this.#alongAxes(recommender, catalogue)) this.#byValues(catalogue);
  }

  /** [1 + DIRECTIONS] */
  of(item: number): Float64Array {
    return this.#values.subarray(item * WIDTH, (item + 1) * WIDTH);
  }

  /** False for a model without vectors of items. Items without one lie in the middle. */
  #alongAxes(recommender: Recommender, catalogue: Catalogue): boolean {
    let vectors: ReturnType<Recommender['embeddings']>;
    try {
      vectors = recommender.embeddings('item');
    } catch (error) {
      if (error instanceof DeepTasteError && error.code === 'usage') return false;
      throw error;
    }
    const { ids, width, values } = vectors;
    const count = Math.min(DIRECTIONS, width);
    const { coordinates } = principalAxes(values, ids.length, width, count);
    const placeOf = new Map(ids.map((id, place) => [catalogue.indexOf(id) as number, place]));
    for (let axis = 0; axis < count; axis++)
      this.#column(1 + axis, catalogue.size, (item) => {
        const place = placeOf.get(item);
        return place === undefined ? Number.NaN : coordinates[place * count + axis];
      });
    return true;
  }

  #byValues({ table, size }: Catalogue): void {
    const rowsOf = new Map<string, number[]>();
    for (const { name, kind, values } of table.fields) {
      if (kind !== 'categorical' && kind !== 'multi') continue;
      values.forEach((cell, item) => {
        for (const value of cell === null ? [] : Array.isArray(cell) ? cell : [cell]) {
          const key = JSON.stringify([name, value]);
          const rows = rowsOf.get(key);
          if (rows) rows.push(item);
          else rowsOf.set(key, [item]);
        }
      });
    }
    // what nearly all have tells as little apart as what nearly none has
    const most = [...rowsOf.values()].sort((a, b) => b.length * (size - b.length) - a.length * (size - a.length));
    most.slice(0, DIRECTIONS).forEach((rows, n) => {
      const has = new Set(rows);
      this.#column(1 + n, size, (item) => Number(has.has(item)));
    });
  }

  /** @param cellOf NaN = not known: the mean */
  #column(column: number, size: number, cellOf: (item: number) => number): void {
    const values = Float64Array.from({ length: size }, (_, item) => cellOf(item));
    const known = values.filter((value) => !Number.isNaN(value));
    const mean = known.reduce((sum, value) => sum + value, 0) / (known.length || 1);
    const deviation = Math.sqrt(known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (known.length || 1)) || 1;
    values.forEach((value, item) => {
      this.#values[item * WIDTH + column] = Number.isNaN(value) ? 0 : (value - mean) / deviation;
    });
  }
}
