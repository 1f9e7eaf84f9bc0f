/** From what is wanted of a list to the list: which items may be in it, and the best of them. */

import type { RecommenderParts } from '../artifact/recommender-parts.ts';
import { DeepTasteError } from '../core/errors.ts';
import { idsOf } from '../core/ids.ts';
import { quotedNames } from '../core/shown.ts';
import { matchingRows } from '../data/filters/matching-rows.ts';
import { joinedAscending } from '../data/sparse-rows.ts';
import { type Answering, type Asked, type Candidates, candidatesOf } from './answer.ts';
import { examplesOf, type wantedOf } from './request.ts';

/** @throws 'not-found' when `only` names no item that is known; 'usage' for ids that are none */
export function candidatesFor(
  parts: RecommenderParts,
  title: string,
  answering: Answering,
  asked: Asked,
  wanted: ReturnType<typeof wantedOf>,
): Candidates {
  const { k, includeSeen = answering.includeSeen } = wanted;
  const own = includeSeen ? new Int32Array(0) : asked.taken;
  const allowed = allowedItems(parts, wanted);
  const named = joinedAscending(excludedBy(parts, wanted.exclude), checkedItems(parts, wanted.without));
  const excluded = joinedAscending(own, joinedAscending(named, allBut(allowed)));
  const found = candidatesOf(title, answering, asked, { k, excluded });
  if (allowed === null) return found;
  // what is ranked last, or not at all, must not come into a list of so few items
  const places = Int32Array.from(found.items.keys()).filter((place) => allowed[found.items[place]] === 1);
  return {
    ...found,
    items: places.map((place) => found.items[place]),
    scores: Float32Array.from(places, (place) => found.scores[place]),
    byPopularity: Uint8Array.from(places, (place) => found.byPopularity[place]),
  };
}

/**
 * Items, ascending and distinct, that may be in nobody's list.
 * @throws 'not-found' when `only` names no item that is known, or `where` holds of none; 'usage' for ids and conditions that are none
 */
export function excludedForAll(
  parts: RecommenderParts,
  wanted: Pick<ReturnType<typeof wantedOf>, 'exclude' | 'only' | 'where' | 'among'>,
): Int32Array {
  return joinedAscending(excludedBy(parts, wanted.exclude), allBut(allowedItems(parts, wanted)));
}

function checkedItems({ items }: RecommenderParts, without: Int32Array = new Int32Array(0)): Int32Array {
  for (let n = 0; n < without.length; n++)
    if (without[n] < 0 || without[n] >= items.size || (n > 0 && without[n] <= without[n - 1]))
      throw new DeepTasteError(
        'usage',
        `recommend: "without" must be ascending and distinct indices of the ${items.size} items, found ${without[n]} at place ${n}`,
      );
  return without;
}

/** Unknown ids are in no list anyway. */
function excludedBy({ items }: RecommenderParts, exclude: unknown): Int32Array {
  if (exclude === undefined) return new Int32Array(0);
  const indices = idsOf(exclude, 'recommend: exclude').flatMap((id) => items.indexOf(id) ?? []);
  return Int32Array.from(new Set(indices)).sort();
}

/** 1 for the items that lists may hold [nItems]; null = all. */
function allowedItems(
  parts: RecommenderParts,
  { only, where, among }: Pick<ReturnType<typeof wantedOf>, 'only' | 'where' | 'among'>,
): Uint8Array | null {
  const conditions = [
    among === undefined ? null : markedItems(parts, among),
    only === undefined ? null : namedItems(parts, only),
    where === undefined ? null : matchingRows(parts.itemFields, parts.info.schema, where),
  ];
  return conditions.reduce((all, each) => (all && each ? all.map((flag, item) => flag & each[item]) : (all ?? each)));
}

function markedItems({ items }: RecommenderParts, among: Uint8Array): Uint8Array {
  if (among.length === items.size) return among;
  throw new DeepTasteError(
    'usage',
    `recommend: "among" must have one byte for each of the ${items.size} items, found ${among.length}`,
  );
}

function namedItems({ items }: RecommenderParts, only: unknown): Uint8Array {
  const ids = idsOf(only, 'recommend: only');
  if (ids.length === 0)
    throw new DeepTasteError(
      'usage',
      'recommend: "only" must name at least one item, found none; leave it out for all',
    );
  const known = ids.flatMap((id) => items.indexOf(id) ?? []);
  if (known.length === 0)
    throw new DeepTasteError(
      'not-found',
      `recommend: "only" must name an item of the training data, found only unknown ${quotedNames(ids)}; ` +
        `ids look like ${examplesOf(items)}`,
    );
  const named = new Uint8Array(items.size);
  for (const item of known) named[item] = 1;
  return named;
}

function allBut(allowed: Uint8Array | null): Int32Array {
  if (allowed === null) return new Int32Array(0);
  const items = new Int32Array(allowed.length);
  let n = 0;
  for (let item = 0; item < allowed.length; item++) if (allowed[item] === 0) items[n++] = item;
  return items.slice(0, n);
}
