/** From what is wanted of a list to the list: which items may be in it, and the best of them. */

import type { RecommenderParts } from '../artifact/recommender-parts.ts';
import { DeepTasteError } from '../core/errors.ts';
import { idsOf } from '../core/ids.ts';
import { quotedNames } from '../core/shown.ts';
import { joinedAscending } from '../data/sparse-rows.ts';
import { type Answer, type Answering, type Asked, answerOf } from './answer.ts';
import { examplesOf, type wantedOf } from './request.ts';

/** @throws 'not-found' when `only` names no item that is known; 'usage' for ids that are none */
export function listFor(
  parts: RecommenderParts,
  title: string,
  answering: Answering,
  asked: Asked,
  wanted: ReturnType<typeof wantedOf>,
): Answer {
  const { k, includeSeen = asked.includeSeen, only } = wanted;
  const own = includeSeen ? new Int32Array(0) : asked.taken;
  const excluded = joinedAscending(own, excludedForAll(parts, wanted));
  const answer = answerOf(parts, title, answering, asked, { k, excluded });
  if (only === undefined) return answer;
  // what is ranked last, or not at all, must not come into a list of so few items
  const isAllowed = new Set(idsOf(only, 'recommend: only'));
  return { ...answer, recommendations: answer.recommendations.filter(({ item }) => isAllowed.has(item)) };
}

/**
 * Items, ascending and distinct, that may be in nobody's list.
 * @throws 'not-found' when `only` names no item that is known; 'usage' for ids that are none
 */
export function excludedForAll(
  parts: RecommenderParts,
  { exclude, only }: Pick<ReturnType<typeof wantedOf>, 'exclude' | 'only'>,
): Int32Array {
  return joinedAscending(excludedBy(parts, exclude), allBut(parts, only));
}

/** Unknown ids are in no list anyway. */
function excludedBy({ items }: RecommenderParts, exclude: unknown): Int32Array {
  if (exclude === undefined) return new Int32Array(0);
  const indices = idsOf(exclude, 'recommend: exclude').flatMap((id) => items.indexOf(id) ?? []);
  return Int32Array.from(new Set(indices)).sort();
}

function allBut({ items }: RecommenderParts, only: unknown): Int32Array {
  if (only === undefined) return new Int32Array(0);
  const ids = idsOf(only, 'recommend: only');
  if (ids.length === 0)
    throw new DeepTasteError(
      'usage',
      'recommend: "only" must name at least one item, found none; leave it out for all',
    );
  const allowed = new Set(ids.flatMap((id) => items.indexOf(id) ?? []));
  if (allowed.size === 0)
    throw new DeepTasteError(
      'not-found',
      `recommend: "only" must name an item of the training data, found only unknown ${quotedNames(ids)}; ` +
        `ids look like ${examplesOf(items)}`,
    );
  return Int32Array.from({ length: items.size }, (_, item) => item).filter((item) => !allowed.has(item));
}
