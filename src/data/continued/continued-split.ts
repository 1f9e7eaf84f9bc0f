/** A split of new rows, written in the ids of a recommender whose training goes on with them. */
import { DeepTasteError } from '../../core/errors.ts';
import { shellWord } from '../../core/shell-word.ts';
import type { Dataset, Interactions, Split } from '../dataset.ts';
import { rowNumbers, type SparseRows, sparseRows } from '../sparse-rows.ts';
import { type FormerData, joinEntities, joinedHash, joinedSchema, withRows } from './former-data.ts';

/**
 * Users and items of the former training keep their indices; what was taken then counts as taken before.
 * @throws DeepTasteError `config`: labels of which the rarer cell was taken to be 1, which may have been the other one before
 */
export function continuedSplit(split: Split, former: FormerData): Split {
  const { dataset } = split;
  if (dataset.openLabel) {
    const { column, positive } = dataset.openLabel;
    throw new DeepTasteError(
      'config',
      `from: the cell of label "${column}" that is 1 must be the one of the saved run, and here only its being rarer speaks for "${positive}"; ` +
        `say --positive ${shellWord(positive)} or the other one (data.positive)`,
      { key: 'data.positive' },
    );
  }
  const users = joinEntities(
    { ids: former.users, fields: former.userFields },
    { ids: dataset.users, fields: dataset.userFields },
  );
  const items = joinEntities(
    { ids: former.items, fields: former.itemFields },
    { ids: dataset.items, fields: dataset.itemFields },
  );
  const written = new Map<Interactions, Interactions>();
  const inJoined = (part: Interactions): Interactions => {
    const known = written.get(part) ?? {
      ...part,
      userIndex: part.userIndex.map((user) => users.indexOf[user]),
      itemIndex: part.itemIndex.map((item) => items.indexOf[item]),
    };
    written.set(part, known);
    return known;
  };
  const nUsers = users.ids.size;
  const lists = (rows: SparseRows | null): SparseRows | null =>
    rows &&
    sparseRows(
      nUsers,
      rowNumbers(rows).map((user) => users.indexOf[user]),
      rows.columns.map((item) => items.indexOf[item]),
    );
  const joined: Dataset = {
    ...dataset,
    users: users.ids,
    items: items.ids,
    userFields: users.fields,
    itemFields: items.fields,
    interactions: inJoined(dataset.interactions),
    social: dataset.social && {
      ...dataset.social,
      from: dataset.social.from.map((user) => users.indexOf[user]),
      to: dataset.social.to.map((user) => users.indexOf[user]),
    },
    schema: joinedSchema(former.info.schema, dataset.schema),
    hash: joinedHash(former.info.data.hash, dataset.hash),
  };
  return {
    ...split,
    dataset: joined,
    train: inJoined(split.train),
    validation: split.validation && inJoined(split.validation),
    test: split.test && inJoined(split.test),
    validationCandidates: lists(split.validationCandidates),
    testCandidates: lists(split.testCandidates),
    former: {
      nUsers: users.nFormer,
      nItems: items.nFormer,
      nInteractions: former.info.data.nInteractions,
      seen: withRows(former.seen, nUsers),
      heldOut: former.heldOut ? withRows(former.heldOut, nUsers) : null,
    },
  };
}
