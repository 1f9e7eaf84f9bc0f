/** The items of a model as points of a plane: unit vectors along their two widest principal axes. */
import { DeepTasteError } from '../../core/errors.ts';
import { suggestion } from '../../core/nearest.ts';
import { shownName } from '../../core/shown.ts';
import type { Field, FieldTable } from '../../data/dataset.ts';
import { principalAxes } from '../../engine/linalg/principal-axes.ts';
import type { ItemMap } from './question.ts';
import type { ServedModel } from './served-model.ts';

/** More points than these say nothing more to an eye. */
const MOST_POINTS = 2000;

/**
 * @param field whose values colour the points; null = none
 * @throws DeepTasteError `usage`: a model without vectors of items; `not-found`: a field that there is not
 */
export function itemMap({ recommender, catalogue }: ServedModel, field: string | null): ItemMap {
  const { ids, width, values } = recommender.embeddings('item');
  const { popularity } = recommender.asks;
  const indices = ids.map((id) => catalogue.indexOf(id) as number);
  const order = indices.map((_, place) => place);
  order.sort((a, b) => popularity[indices[b]] - popularity[indices[a]] || a - b);
  const places = order.slice(0, MOST_POINTS);
  const unit = new Float64Array(places.length * width);
  places.forEach((place, n) => {
    const vector = values.subarray(place * width, (place + 1) * width);
    const length = Math.hypot(...vector) || 1;
    for (let d = 0; d < width; d++) unit[n * width + d] = vector[d] / length;
  });
  const { coordinates, explained } = principalAxes(unit, places.length, width, 2);
  const cells = field === null ? null : cellsOf(catalogue.table, field);
  return {
    items: ids.length,
    explained: [...explained],
    points: places.map((place, n) => {
      const item = indices[place];
      return {
        id: catalogue.idOf(item),
        title: catalogue.titleOf(item),
        x: coordinates[2 * n],
        y: coordinates[2 * n + 1],
        popularity: popularity[item],
        value: cells?.[item] ?? null,
      };
    }),
  };
}

function cellsOf({ fields }: FieldTable, name: string): Field['values'] {
  const field = fields.find((each) => each.name === name);
  if (field) return field.values;
  const names = fields.map((each) => each.name);
  throw new DeepTasteError(
    'not-found',
    `map: "color" must be a field of the items, found "${shownName(name)}"${suggestion(name, names)}`,
  );
}
