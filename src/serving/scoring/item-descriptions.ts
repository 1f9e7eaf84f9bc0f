/**
 * Items as short vectors for whoever learns from few events: how popular they are, and where they lie along the widest axes of the model's
 * vectors, or, for a model without any, whether their fields have the values that tell items apart best. Axes, values and scales are those of
 * the items of the training, by which each entry has mean 0 and deviation 1, and stay: what was learned about an entry keeps its meaning when
 * items are told of.
 */
import { DeepTasteError } from '../../core/errors.ts';
import type { Field } from '../../data/dataset.ts';
import { principalAxes } from '../../engine/linalg/principal-axes.ts';
import type { Recommender } from '../../recommender/recommender.ts';
import { DIRECTIONS } from './bandit-model.ts';
import type { Catalogue } from './catalogue.ts';

/** One entry; NaN = not known of the item, which counts as the mean. */
type Entry = (item: number) => number;

export class ItemDescriptions {
  readonly #entries: readonly Entry[];

  constructor(recommender: Recommender, catalogue: Catalogue) {
    const { popularity } = recommender.asks;
    const directions = alongAxes(recommender) ?? byValues(recommender, catalogue);
    const none: Entry = () => Number.NaN;
    const entries = [(item: number) => Math.log1p(popularity[item] ?? 0), ...directions];
    const all = Array.from({ length: 1 + DIRECTIONS }, (_, n) => entries[n] ?? none);
    this.#entries = all.map((entry) => standardised(entry, catalogue.nKnown));
  }

  /** [1 + DIRECTIONS] @param item index of the catalogue */
  of(item: number): Float64Array {
    return Float64Array.from(this.#entries, (entry) => entry(item));
  }
}

/** @param n items by which mean and deviation go */
function standardised(entry: Entry, n: number): Entry {
  const known = Array.from({ length: n }, (_, item) => entry(item)).filter((value) => !Number.isNaN(value));
  const mean = known.reduce((sum, value) => sum + value, 0) / (known.length || 1);
  const deviation = Math.sqrt(known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (known.length || 1)) || 1;
  return (item) => {
    const value = entry(item);
    return Number.isNaN(value) ? 0 : (value - mean) / deviation;
  };
}

/** Null for a model without vectors of items. */
function alongAxes(recommender: Recommender): Entry[] | null {
  let vectors: ReturnType<Recommender['embeddings']>;
  try {
    vectors = recommender.embeddings('item');
  } catch (error) {
    if (error instanceof DeepTasteError && error.code === 'usage') return null;
    throw error;
  }
  const { ids, width, values } = vectors;
  const count = Math.min(DIRECTIONS, width);
  const { coordinates } = principalAxes(values, ids.length, width, count);
  const { items } = recommender.parts;
  const placeOf = new Map(ids.map((id, place) => [items.indexOf(id) as number, place]));
  return Array.from(
    { length: count },
    (_, axis): Entry =>
      (item) => {
        const place = placeOf.get(item);
        return place === undefined ? Number.NaN : coordinates[place * count + axis];
      },
  );
}

/** What nearly all items have tells as little apart as what nearly none has. */
function byValues({ parts }: Recommender, catalogue: Catalogue): Entry[] {
  const { fields, nRows } = parts.itemFields;
  const counts = new Map<string, { readonly name: string; readonly value: string; n: number }>();
  for (const { name, kind, values } of fields) {
    if (kind !== 'categorical' && kind !== 'multi') continue;
    for (const cell of values)
      for (const value of valuesOf(cell)) {
        const key = JSON.stringify([name, value]);
        const count = counts.get(key) ?? { name, value, n: 0 };
        count.n++;
        counts.set(key, count);
      }
  }
  const best = [...counts.values()].sort((a, b) => b.n * (nRows - b.n) - a.n * (nRows - a.n)).slice(0, DIRECTIONS);
  return best.map(
    ({ name, value }): Entry =>
      (item) => {
        const field = catalogue.table.fields.find((each) => each.name === name);
        return Number(valuesOf(field?.values[item] ?? null).includes(value));
      },
  );
}

function valuesOf(cell: Field['values'][number]): readonly string[] {
  return cell === null ? [] : Array.isArray(cell) ? cell : [String(cell)];
}
