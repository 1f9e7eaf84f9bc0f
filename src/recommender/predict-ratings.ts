/** Predicted ratings of rows that name a user and an item. */
import type { RecommenderParts } from '../artifact/recommender-parts.ts';
import { quotedNames } from '../core/shown.ts';
import { rowOf } from '../data/sparse-rows.ts';
import type { Scorer } from '../scoring/scorer.ts';
import type { RowPrediction, RowRecord } from './named-rows.ts';

/** The name under which rows give the user or the item. */
export function idColumn({ info }: Pick<RecommenderParts, 'info'>, owner: 'user' | 'item'): string {
  return info.schema.columns.find(({ role }) => role === owner)?.name ?? owner;
}

interface NamedEntity {
  /** −1 = the data had none of this name. */
  readonly index: number;
  readonly notes: readonly string[];
}

/** The user or the item of each row, by dense index. */
function entityReader(parts: RecommenderParts, owner: 'user' | 'item'): (row: RowRecord) => NamedEntity {
  const column = idColumn(parts, owner);
  const vocabulary = owner === 'user' ? parts.users : parts.items;
  const isTrained = trainedOf(parts, owner);
  const withoutTerms = `predicted without the terms of the ${owner}`;
  return (row) => {
    const id = row[column] ?? null;
    if (id === null) return { index: -1, notes: [`"${column}" has no value: ${withoutTerms}`] };
    const index = vocabulary.indexOf(String(id)) ?? -1;
    if (index >= 0 && isTrained(index)) return { index, notes: [] };
    // of somebody without training rows a model may know the friends
    return { index, notes: [`${owner} ${quotedNames([String(id)])} was not seen in training: ${withoutTerms}`] };
  };
}

function trainedOf({ seen, items }: RecommenderParts, owner: 'user' | 'item'): (index: number) => boolean {
  if (owner === 'user') return (user) => rowOf(seen, user).length > 0;
  const has = new Uint8Array(items.size);
  for (const item of seen.columns) has[item] = 1;
  return (item) => has[item] === 1;
}

/** What predicts rows; what it needs to know of the data is made when it is first asked. */
export function ratingPredictor(
  parts: RecommenderParts,
  { offset, range }: NonNullable<RecommenderParts['info']['rating']>,
  { values }: Scorer,
): (rows: readonly RowRecord[]) => RowPrediction[] {
  if (!values) throw new Error('internal: a model of ratings predicts listed pairs');
  let readers: Record<'user' | 'item', (row: RowRecord) => NamedEntity> | null = null;
  return (rows) => {
    readers ??= { user: entityReader(parts, 'user'), item: entityReader(parts, 'item') };
    const users = rows.map(readers.user);
    const items = rows.map(readers.item);
    const indices = (named: readonly NamedEntity[]) => Int32Array.from(named, ({ index }) => index);
    const outputs = values(indices(users), indices(items));
    return rows.map((_, n) => {
      const output = outputs[n] + offset;
      const { low, high } = range ?? { low: output, high: output };
      const notes = [...users[n].notes, ...items[n].notes];
      return { value: Math.min(high, Math.max(low, output)), output, notes };
    });
  };
}
