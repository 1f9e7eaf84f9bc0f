/** How new rows stand to those of a training that goes on with them. */
import type { Interactions, Split } from '../data/dataset.ts';
import { nSequences } from '../data/sequences/select-sequences.ts';
import type { SequenceSplit } from '../data/sequences/sequence-data.ts';
import { rowOf } from '../data/sparse-rows.ts';

interface KnownAndNew {
  readonly known: number;
  readonly new: number;
}

export interface Continuation {
  /** Users and items of the new rows; users null where sequences are nobody's. */
  readonly users: KnownAndNew | null;
  readonly items: KnownAndNew;
  readonly rows: number;
  /** Rows of a user and an item that the former training had, too; null where they were not counted. */
  readonly repeated: number | null;
}

export function continuationOf({ former, dataset }: Split): Continuation | null {
  if (!former) return null;
  const { userIndex, itemIndex, length } = dataset.interactions;
  return {
    users: counts(userIndex, former.nUsers),
    items: counts(itemIndex, former.nItems),
    rows: length,
    repeated: nRepeated(dataset.interactions, former.seen),
  };
}

export function continuationOfSequences({ former, whole }: SequenceSplit): Continuation | null {
  if (!former) return null;
  const { sequences } = whole();
  const { owner, items } = sequences;
  return {
    users: owner && former.histories && nSequences(sequences) > 0 ? counts(owner, former.nUsers) : null,
    items: counts(items, former.nItems),
    rows: items.length,
    repeated: null,
  };
}

function counts(indices: Int32Array, nFormer: number): KnownAndNew {
  const distinct = new Set(indices);
  const known = [...distinct].filter((index) => index < nFormer).length;
  return { known, new: distinct.size - known };
}

function nRepeated({ userIndex, itemIndex, length }: Interactions, seen: Parameters<typeof rowOf>[0]): number {
  let n = 0;
  for (let row = 0; row < length; row++) if (rowOf(seen, userIndex[row]).includes(itemIndex[row])) n++;
  return n;
}

/** One line. @param unit what the rows are called */
export function describeContinuation({ users, items, rows, repeated }: Continuation, unit: string): string {
  const count = (n: number) => n.toLocaleString('en-US');
  const both = (what: string, { known, new: added }: KnownAndNew) =>
    `${count(known)} known and ${count(added)} new ${what}`;
  const again = repeated ? `, ${count(repeated)} of them of pairs that it had` : '';
  return `going on with ${count(rows)} ${unit}${again}: ${users ? `${both('users', users)}, ` : ''}${both('items', items)}`;
}
