/** The items that most people took, and the directions of their vectors in a model. */
import { DeepTasteError } from '../../core/errors.ts';
import { suggestion } from '../../core/nearest.ts';
import { shownName } from '../../core/shown.ts';
import type { Cell } from '../store/records.ts';
import type { Directions } from './question.ts';
import type { ServedModel } from './served-model.ts';

/** More points than these say nothing more to an eye. */
const MOST_POINTS = 2000;

/** @throws DeepTasteError `usage`: a model without vectors of items */
export function itemDirections({ recommender, catalogue }: ServedModel): Directions {
  const { ids, width, values } = recommender.embeddings('item');
  const { popularity } = recommender.asks;
  const indices = ids.map((id) => catalogue.indexOf(id) as number);
  const order = indices.map((_, place) => place);
  order.sort((a, b) => popularity[indices[b]] - popularity[indices[a]] || a - b);
  const places = order.slice(0, MOST_POINTS);
  const unit: number[] = [];
  for (const place of places) {
    const vector = values.subarray(place * width, (place + 1) * width);
    const length = Math.hypot(...vector) || 1;
    for (const value of vector) unit.push(Math.round((10_000 * value) / length) / 10_000);
  }
  const items = places.map((place) => {
    const item = indices[place];
    return { id: catalogue.idOf(item), title: catalogue.titleOf(item), popularity: popularity[item] };
  });
  return { items, nItems: ids.length, width, unit };
}

/** What a field says of some items. @throws DeepTasteError `not-found`: a field that there is not */
export function colorsOf({ catalogue }: ServedModel, items: readonly string[], name: string): Cell[] {
  const { fields } = catalogue.table;
  const field = fields.find((each) => each.name === name);
  if (field) return items.map((id) => field.values[catalogue.indexOf(id) as number] ?? null);
  const names = fields.map((each) => each.name);
  throw new DeepTasteError(
    'not-found',
    `map: "color" must be a field of the items, found "${shownName(name)}"${suggestion(name, names)}`,
  );
}
