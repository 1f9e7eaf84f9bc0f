/** The items most alike to one, and the users most alike to one. */
import type { RecommenderParts } from '../artifact/recommender-parts.ts';
import { DeepTasteError } from '../core/errors.ts';
import { type Id, idOf } from '../core/ids.ts';
import { quotedNames } from '../core/shown.ts';
import { displayName } from '../data/dataset.ts';
import { matchingRows } from '../data/filters/matching-rows.ts';
import { type Answering, type NamedItem, namedItem } from './answer.ts';
import { likenessByVectors } from './reasons.ts';
import { examplesOf, requestOptions, similarOptions, similarUsersOptions } from './request.ts';
import { topItems } from './top-items.ts';

export interface SimilarOptions {
  /** Number of items, default 10. */
  readonly k?: number;
  /** A condition on the fields of items. */
  readonly where?: string;
  /** 1 for the items that may be returned, by dense index [all items]. */
  readonly among?: Uint8Array;
}

export interface SimilarItem extends NamedItem {
  /** Higher is more alike. */
  readonly score: number;
}

export interface SimilarItems {
  readonly similar: readonly SimilarItem[];
  /** What likeness means for this model. */
  readonly how: string;
}

export interface SimilarUser {
  readonly user: string;
  /** Title where the data has one, else the id. */
  readonly name: string;
  /** Higher is more alike. */
  readonly score: number;
}

export interface SimilarUsers {
  readonly similar: readonly SimilarUser[];
  /** What likeness means for this model. */
  readonly how: string;
}

/** @throws 'not-found' for an unknown item; 'usage' for a model that knows no likeness of items, and for a wrong call */
export function similarItems(
  parts: RecommenderParts,
  title: string,
  answering: Answering,
  itemId: Id,
  options: object,
): SimilarItems {
  const { k, where, among } = requestOptions(similarOptions, options, 'similar');
  const id = idOf(itemId, 'similar: the item');
  const { items, itemFields } = parts;
  const { popularity } = answering;
  const item = items.indexOf(id);
  if (item === undefined || !(popularity[item] > 0))
    throw new DeepTasteError(
      'not-found',
      `similar: no item ${quotedNames([id])} was in the training data; ids look like ${examplesOf(items)}`,
    );
  const likeness = answering.likeness(item);
  if (likeness === null)
    throw new DeepTasteError(
      'usage',
      `similar: ${title} has neither vectors of items nor weights between them; ask a model such as ` +
        'item-knn, ease, mf or neumf',
    );
  const matching = where === undefined ? null : matchingRows(itemFields, parts.info.schema, where);
  const isLeftOut = (other: number) =>
    other === item || !(popularity[other] > 0) || matching?.[other] === 0 || among?.[other] === 0;
  const excluded = Uint8Array.from({ length: items.size }, (_, other) => (isLeftOut(other) ? 1 : 0));
  const best = topItems(likeness.scores, k, excluded);
  const similar = Array.from(best.items, (other, n) => ({ ...namedItem(parts, other), score: best.scores[n] }));
  return { similar, how: likeness.how };
}

/** @throws 'not-found' for a user without training rows; 'usage' for a model without vectors of users, and for a wrong call */
export function similarUsers(
  { users, userFields }: RecommenderParts,
  title: string,
  answering: Answering,
  userId: Id,
  options: object,
): SimilarUsers {
  const { k } = requestOptions(similarUsersOptions, options, 'similarUsers');
  const id = idOf(userId, 'similarUsers: the user');
  const vectors = users.size > 0 ? answering.vectors('user') : null;
  const user = users.indexOf(id);
  const likeness = vectors === null ? null : likenessByVectors(vectors, user ?? 0, 'user');
  if (vectors === null || likeness === null)
    throw new DeepTasteError(
      'usage',
      `similarUsers: ${title} has no vectors of users; ask a model such as mf, ials, neumf or fm`,
    );
  const excluded = new Uint8Array(users.size).fill(1);
  for (const row of vectors.rows) excluded[row] = 0;
  if (user === undefined || excluded[user] === 1)
    throw new DeepTasteError(
      'not-found',
      `similarUsers: no user ${quotedNames([id])} has rows in the training data; ids look like ${examplesOf(users)}`,
    );
  excluded[user] = 1;
  const best = topItems(likeness.scores, k, excluded);
  const similar = Array.from(best.items, (other, n) => ({
    user: users.idOf(other),
    name: displayName(users, userFields, other),
    score: best.scores[n],
  }));
  return { similar, how: likeness.how };
}
