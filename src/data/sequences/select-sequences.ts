/** Parts of sequences: chosen sequences, chosen events, other item indices. Nothing here changes the order of anything. */
import type { FieldTable } from '../dataset.ts';
import type { Vocabulary } from '../vocabulary.ts';
import type { Sequences } from './sequences.ts';

export function nSequences(sequences: Sequences): number {
  return sequences.start.length - 1;
}

/** Number of events of sequence s. */
export function lengthOf({ start }: Sequences, s: number): number {
  return start[s + 1] - start[s];
}

/** The events (positions in `items`) for which `keep` holds; a sequence that keeps fewer than `minLength` goes as a whole. */
export function selectEvents(
  sequences: Sequences,
  keep: (event: number, sequence: number) => boolean,
  minLength = 1,
): Sequences {
  const { start, items } = sequences;
  const kept = new Int32Array(items.length);
  const starts: number[] = [0];
  const owners: number[] = [];
  let n = 0;
  for (let s = 0; s + 1 < start.length; s++) {
    const first = n;
    for (let event = start[s]; event < start[s + 1]; event++) if (keep(event, s)) kept[n++] = event;
    if (n - first < minLength) {
      n = first;
      continue;
    }
    starts.push(n);
    if (sequences.owner) owners.push(sequences.owner[s]);
  }
  const events = kept.subarray(0, n);
  return {
    ...sequences,
    start: Int32Array.from(starts),
    items: Int32Array.from(events, (event) => items[event]),
    ...(sequences.reward && { reward: Float32Array.from(events, (event) => sequences.reward![event]) }),
    time: sequences.time && Float64Array.from(events, (event) => sequences.time![event]),
    owner: sequences.owner && Int32Array.from(owners),
  };
}

/** The sequences for which `keep` holds. */
export function selectSequences(sequences: Sequences, keep: (sequence: number) => boolean): Sequences {
  return selectEvents(sequences, (_, s) => keep(s));
}

/** Events of each item, unknown ones not counted. [nItems] */
export function itemSupport({ items, nItems }: Sequences): Int32Array {
  const support = new Int32Array(nItems);
  for (const item of items) if (item >= 0) support[item]++;
  return support;
}

/** The same events with other item indices: `newIndex[old]`, −1 where the item is not known any more. */
export function renameItems(sequences: Sequences, newIndex: Int32Array, nItems: number): Sequences {
  return { ...sequences, nItems, items: sequences.items.map((item) => (item < 0 ? -1 : newIndex[item])) };
}

/** Items that stay, in their order. */
export interface KeptItems {
  readonly newIndex: Int32Array; // [old number of items], −1 = gone
  readonly items: Vocabulary;
  readonly itemFields: FieldTable;
}

/** The items for which `keep` holds, with their ids and side information. */
export function keepItems(items: Vocabulary, fields: FieldTable, keep: (item: number) => boolean): KeptItems {
  const kept: number[] = [];
  const newIndex = new Int32Array(items.size).fill(-1);
  for (let item = 0; item < items.size; item++) if (keep(item)) newIndex[item] = kept.push(item) - 1;
  const values = <T>(all: readonly T[]): T[] => kept.map((item) => all[item]);
  return {
    newIndex,
    items: items.select(Int32Array.from(kept)),
    itemFields: {
      ...fields,
      nRows: kept.length,
      fields: fields.fields.map((field) => ({ ...field, values: values<unknown>(field.values) }) as typeof field),
    },
  };
}
