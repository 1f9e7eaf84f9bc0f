/** Fake people and the data set with them among the real ones. */
import { DeepTasteError } from '../core/errors.ts';
import type { RandomStream } from '../core/random.ts';
import {
  type Dataset,
  type Field,
  type FieldTable,
  type Interactions,
  joinInteractions,
  type Split,
} from '../data/dataset.ts';
import { hashInteractions } from '../data/interaction-hash.ts';
import { rowOf, sparseRows } from '../data/sparse-rows.ts';
import { selectColumn } from '../data/value-columns.ts';

/** What one fake person takes. */
export interface FakeProfile {
  /** Distinct dense item indices, in the order in which they are taken. */
  readonly items: Int32Array;
  /** One an item; null where the data have none. */
  readonly ratings: Float32Array | null;
}

/**
 * When fake people act. people: each at times of a real person drawn at random; spread: anywhere in the span of the data; burst: all within
 * a thousandth of that span.
 */
export const fakeTimings = ['people', 'spread', 'burst'] as const;
export type FakeTiming = (typeof fakeTimings)[number];

export interface FakesInData {
  readonly dataset: Dataset;
  /** Dense indices of the fake people in it, the last ones [A]. */
  readonly fakeUsers: Int32Array;
}

/** Share of the data's span that a burst takes. */
const BURST = 0.001;

/**
 * The data with the fake people after the real ones, whose indices and rows stay. Ids are `fake-1`, … or another word that no real id has;
 * nothing else is known of fake people. Their rows have times as `timing` says, each person a session of its own, and the context
 * (device, …) of real rows.
 * @param known the real rows from which times and context are drawn, some of the data's
 */
export function addFakes(
  dataset: Dataset,
  profiles: readonly FakeProfile[],
  random: RandomStream,
  timing: FakeTiming = 'people',
  known: Interactions = dataset.interactions,
): FakesInData {
  const users = dataset.users.with(fakeIds(dataset, profiles.length));
  const fakes = fakeRows(dataset, known, profiles, random, timing);
  const interactions = joinInteractions(dataset.interactions, fakes);
  return {
    dataset: {
      ...dataset,
      users,
      interactions,
      userFields: withUnknownPeople(dataset.userFields, profiles.length),
      hash: hashInteractions(users, dataset.items, interactions),
    },
    fakeUsers: Int32Array.from(profiles, (_, k) => dataset.users.size + k),
  };
}

/**
 * The same of a split: fake rows are training rows with times and context of training rows; what is held out of real people stays as it
 * is, and tells nothing to any training.
 */
export function addFakesToSplit(
  split: Split,
  profiles: readonly FakeProfile[],
  random: RandomStream,
  timing: FakeTiming = 'people',
): { readonly split: Split; readonly fakeUsers: Int32Array } {
  const added = addFakes(split.dataset, profiles, random, timing, split.train);
  const { interactions } = added.dataset;
  const nReal = split.dataset.interactions.length;
  const fakes = pieceFrom(interactions, nReal);
  return {
    split: {
      ...split,
      dataset: added.dataset,
      train: joinInteractions(split.train, fakes),
      description: { ...split.description, nFakePeople: profiles.length, nFakeRows: fakes.length },
      validationCandidates: withEmptyLists(split.validationCandidates, profiles.length),
      testCandidates: withEmptyLists(split.testCandidates, profiles.length),
    },
    fakeUsers: added.fakeUsers,
  };
}

function withEmptyLists(lists: Split['testCandidates'], n: number): Split['testCandidates'] {
  if (lists === null) return null;
  const rowStart = new Int32Array(lists.nRows + n + 1).fill(lists.columns.length);
  rowStart.set(lists.rowStart);
  return { nRows: lists.nRows + n, rowStart, columns: lists.columns };
}

/** The rows from a position on. */
function pieceFrom(rows: Interactions, from: number): Interactions {
  const positions = Int32Array.from({ length: rows.length - from }, (_, n) => from + n);
  return {
    length: positions.length,
    userIndex: rows.userIndex.subarray(from),
    itemIndex: rows.itemIndex.subarray(from),
    rating: rows.rating?.subarray(from) ?? null,
    time: rows.time?.subarray(from) ?? null,
    session: rows.session?.subarray(from) ?? null,
    ...(rows.context && { context: rows.context.map((column) => selectColumn(column, positions)) }),
  };
}

/** Ids that no real person has. */
function fakeIds({ users }: Dataset, n: number): string[] {
  let word = 'fake';
  const ids = () => Array.from({ length: n }, (_, k) => `${word}-${k + 1}`);
  while (ids().some((id) => users.indexOf(id) !== undefined)) word += '-fake';
  return ids();
}

function withUnknownPeople({ nRows, fields, title }: FieldTable, n: number): FieldTable {
  const unknown = new Array<null>(n).fill(null);
  return {
    nRows: nRows + n,
    title,
    fields: fields.map((field) => ({ ...field, values: [...field.values, ...unknown] }) as Field),
  };
}

function fakeRows(
  { users, interactions }: Dataset,
  known: Interactions,
  profiles: readonly FakeProfile[],
  random: RandomStream,
  timing: FakeTiming,
): Interactions {
  const { rating, session } = interactions;
  const { time, context } = known;
  const length = profiles.reduce((sum, { items }) => sum + items.length, 0);
  if (profiles.some(({ ratings }) => (ratings !== null) !== (rating !== null)))
    throw new DeepTasteError(
      'data',
      `fake people: must have ratings where the data have some, found ${rating === null ? 'ratings' : 'none'}; make them for these data`,
    );
  const userIndex = new Int32Array(length);
  const itemIndex = new Int32Array(length);
  let row = 0;
  for (const [k, { items }] of profiles.entries()) {
    userIndex.fill(users.size + k, row, row + items.length);
    itemIndex.set(items, row);
    row += items.length;
  }
  const donors = Int32Array.from({ length: context ? length : 0 }, () => random.below(known.length));
  const nSessions = session ? session.reduce((most, s) => Math.max(most, s), -1) + 1 : 0;
  return {
    length,
    userIndex,
    itemIndex,
    rating: rating && Float32Array.from(profiles.flatMap(({ ratings }) => Array.from(ratings as Float32Array))),
    time: time && fakeTimes(known, users.size, profiles, random.child('times'), timing),
    session: session && userIndex.map((user) => nSessions + user - users.size),
    ...(context && { context: context.map((column) => selectColumn(column, donors)) }),
  };
}

/** Ascending for each person, so that items are taken in the order of the profile. */
function fakeTimes(
  { userIndex, time, length: nReal }: Interactions,
  nUsers: number,
  profiles: readonly FakeProfile[],
  random: RandomStream,
  timing: FakeTiming,
): Float64Array {
  const times = time as Float64Array;
  const first = times.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const last = times.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const span = last - first;
  const begin = first + random.uniform() * (1 - BURST) * span;
  const rowsOfPeople = sparseRows(nUsers, userIndex, Int32Array.from(userIndex.keys()));
  const own = Float64Array.from(
    profiles.flatMap(({ items }) => {
      const drawn = new Float64Array(items.length);
      if (timing === 'people') {
        const theirs = rowOf(rowsOfPeople, userIndex[random.below(nReal)]);
        for (let n = 0; n < drawn.length; n++) drawn[n] = times[theirs[random.below(theirs.length)]];
      } else {
        const [from, width] = timing === 'burst' ? [begin, BURST * span] : [first, span];
        for (let n = 0; n < drawn.length; n++) drawn[n] = Math.round(from + random.uniform() * width);
      }
      return Array.from(drawn.sort());
    }),
  );
  // rounding must not lead out of the span
  return own.map((t) => Math.min(last, Math.max(first, t)));
}
