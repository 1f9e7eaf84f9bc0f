/** From rows of "somebody took an item" to sequences: sessions by their ids, sessions cut at pauses, whole histories. */
import { z } from 'zod';
import { DeepTasteError } from '../../core/errors.ts';
import { parseOptions } from '../../core/options.ts';
import { groupRows, rowsWhere } from '../cleaning.ts';
import { counted } from '../counted.ts';
import { type Dataset, type Interactions, selectRows } from '../dataset.ts';
import { hashSequences } from './hash-sequences.ts';
import { selectEvents } from './select-sequences.ts';
import type { SequenceData } from './sequence-data.ts';
import type { Sequences } from './sequences.ts';

export const sequenceOptions = z.strictObject({
  by: z.enum(['session', 'gap', 'user']).optional().meta({
    doc: "what a sequence is: a session by its id, a user's events up to a pause, or a user's whole history; default: session where the data has sessions, else user",
  }),
  gapSeconds: z
    .number()
    .positive()
    .default(3600)
    .meta({ doc: "with by 'gap': a pause longer than this begins a session" }),
  repeats: z
    .enum(['keep', 'collapse'])
    .default('keep')
    .meta({ doc: 'whether an item that directly follows itself stays or is one event' }),
});
export type SequenceOptions = z.input<typeof sequenceOptions>;

/**
 * The sequences of a data set, ordered by the time of their first event (without times: by their first row). Within a
 * sequence events are ordered by time; events at one time keep the order of the rows, which is counted and said, as are rows
 * that stood out of order. The data set must have been read with `duplicates: 'keep'`, or repeated items are gone already.
 * @throws DeepTasteError `config`: no session ids, or no times to find pauses in
 */
export function sequencesOf(dataset: Dataset, options: SequenceOptions = {}): SequenceData {
  const { by: told, gapSeconds, repeats } = parseOptions(sequenceOptions, options, 'sequences');
  const { users, items } = dataset;
  const { interactions, nNotTaken } = takenEvents(dataset);
  const by = told ?? (interactions.session ? 'session' : 'user');
  requireColumns(interactions, by);
  const rows = orderedRows(interactions, by === 'session' ? interactions.session! : interactions.userIndex);
  const cuts = cutSequences(interactions, rows, by === 'gap' ? gapSeconds : Number.POSITIVE_INFINITY);
  const rewards = dataset.label ? null : interactions.rating;
  const assembled = assemble(
    { ...interactions, rating: rewards },
    items.size,
    rows.order,
    oldestFirst(interactions, rows.order, cuts),
  );
  const whole = by === 'user' && users !== null ? { ...assembled, nUsers: users.size } : assembled;
  const { sequences, nCollapsed } =
    repeats === 'collapse' ? collapseRepeats(whole) : { sequences: whole, nCollapsed: 0 };
  const collapsed = nCollapsed > 0 ? [`${counted(nCollapsed, 'event')} dropped: the item directly repeats`] : [];
  return {
    name: dataset.name,
    by,
    items,
    itemFields: dataset.itemFields,
    users,
    sequences,
    hash: hashSequences(items, sequences),
    warnings: [...dataset.warnings, ...notTaken(nNotTaken), ...orderWarnings(interactions, rows, cuts), ...collapsed],
  };
}

/** Of labelled rows those labelled 1: what people were shown and did not take is no event. */
function takenEvents({ interactions, label }: Dataset): { interactions: Interactions; nNotTaken: number } {
  const { rating, length } = interactions;
  if (!label || rating === null) return { interactions, nNotTaken: 0 };
  const rows = rowsWhere(length, (row) => rating[row] === 1);
  return { interactions: selectRows({ ...interactions, context: undefined }, rows), nNotTaken: length - rows.length };
}

function notTaken(n: number): string[] {
  return n > 0 ? [`${counted(n, 'row')} labelled 0 dropped: sequences hold what people took`] : [];
}

function requireColumns({ session, time }: Interactions, by: 'session' | 'gap' | 'user'): void {
  if (by === 'session' && session === null)
    throw new DeepTasteError(
      'config',
      'sequences by session: need session ids, the data has none; say --session COLUMN, or cut at pauses (by "gap")',
    );
  if (by === 'gap' && time === null)
    throw new DeepTasteError('config', 'sequences by gap: need times, the data has none; say --time COLUMN');
}

interface OrderedRows {
  readonly order: Int32Array; // rows, those of a group together, each user's in time order
  readonly groupStart: Int32Array;
  /** Rows that stood before an earlier one of their group. */
  readonly nOutOfOrder: number;
}

function orderedRows({ length, userIndex, time }: Interactions, group: Int32Array): OrderedRows {
  const nGroups = 1 + group.reduce((a, b) => Math.max(a, b), -1);
  const { rowStart, order } = groupRows(length, nGroups, (row) => group[row]);
  // A session id that several users share means one session of each.
  const isAfter = (a: number, b: number): number =>
    userIndex[a] - userIndex[b] || (time === null ? 0 : time[a] - time[b]) || a - b;
  let nOutOfOrder = 0;
  for (let g = 0; g < nGroups; g++) {
    let nHere = 0;
    for (let k = rowStart[g] + 1; k < rowStart[g + 1]; k++) {
      if (isAfter(order[k - 1], order[k]) > 0) nHere++;
      if (time !== null && userIndex[order[k - 1]] === userIndex[order[k]] && time[order[k - 1]] > time[order[k]])
        nOutOfOrder++;
    }
    if (nHere > 0) order.subarray(rowStart[g], rowStart[g + 1]).sort(isAfter);
  }
  return { order, groupStart: rowStart, nOutOfOrder };
}

/** Positions in `order` at which sequences begin, and the end of the last. */
function cutSequences({ userIndex, time }: Interactions, rows: OrderedRows, gapSeconds: number): Int32Array {
  const { order, groupStart } = rows;
  const cuts = new Int32Array(order.length + 1);
  let n = 0;
  for (let g = 0; g + 1 < groupStart.length; g++)
    for (let k = groupStart[g]; k < groupStart[g + 1]; k++) {
      const isFirst = k === groupStart[g] || userIndex[order[k - 1]] !== userIndex[order[k]];
      if (isFirst || (time !== null && time[order[k]] - time[order[k - 1]] > gapSeconds)) cuts[n++] = k;
    }
  cuts[n] = order.length;
  return cuts.slice(0, n + 1);
}

/** [begin, end) of each sequence in `order`, in the order of their first events. */
function oldestFirst(
  { time }: Interactions,
  order: Int32Array,
  cuts: Int32Array,
): { begin: Int32Array; end: Int32Array } {
  const sorted = Int32Array.from({ length: cuts.length - 1 }, (_, s) => s);
  const firstRow = (s: number): number => order[cuts[s]];
  const isAfter = (a: number, b: number): number =>
    (time === null ? 0 : time[firstRow(a)] - time[firstRow(b)]) || firstRow(a) - firstRow(b);
  sorted.sort(isAfter);
  return { begin: sorted.map((s) => cuts[s]), end: sorted.map((s) => cuts[s + 1]) };
}

function assemble(
  { userIndex, itemIndex, time, rating }: Interactions,
  nItems: number,
  order: Int32Array,
  { begin, end }: { begin: Int32Array; end: Int32Array },
): Sequences {
  const start = new Int32Array(begin.length + 1);
  const rows = new Int32Array(order.length);
  begin.forEach((from, s) => {
    rows.set(order.subarray(from, end[s]), start[s]);
    start[s + 1] = start[s] + end[s] - from;
  });
  return {
    nItems,
    start,
    items: rows.map((row) => itemIndex[row]),
    ...(rating && { reward: Float32Array.from(rows, (row) => rating[row]) }),
    time: time && Float64Array.from(rows, (row) => time[row]),
    owner: begin.map((from) => userIndex[order[from]]),
  };
}

function collapseRepeats(sequences: Sequences): { sequences: Sequences; nCollapsed: number } {
  const { start, items } = sequences;
  const kept = selectEvents(sequences, (event, s) => event === start[s] || items[event] !== items[event - 1]);
  return { sequences: kept, nCollapsed: items.length - kept.items.length };
}

function orderWarnings({ time }: Interactions, rows: OrderedRows, cuts: Int32Array): string[] {
  const warnings: string[] = [];
  if (rows.nOutOfOrder > 0)
    warnings.push(`${counted(rows.nOutOfOrder, 'row')} stood before an earlier one; sorted by time`);
  if (time === null)
    return [...warnings, 'there are no times: the order of the rows is taken for the order of the events'];
  let nSame = 0;
  for (let s = 0; s + 1 < cuts.length; s++)
    for (let k = cuts[s] + 1; k < cuts[s + 1]; k++) if (time[rows.order[k]] === time[rows.order[k - 1]]) nSame++;
  if (nSame > 0)
    warnings.push(
      `${counted(nSame, 'event')} at the time of the one before it; such events keep the order of the rows`,
    );
  return warnings;
}
