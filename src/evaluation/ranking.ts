/** Ranks the held-out items of a split against all items or listed candidates. */
import type { RandomStream } from '../core/random.ts';
import { rowsWhere } from '../data/cleaning.ts';
import type { Interactions, Split } from '../data/dataset.ts';
import { joinedRows, rowNumbers, rowOf, type SparseRows, sparseRows, unitedRows } from '../data/sparse-rows.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { rankingTables, type Tables } from '../engine/runtime/large-tables.ts';
import type { ScoreForm } from '../engine/runtime/ranking.ts';
import type { RankCounts } from './rank-counts.ts';
import { amongAll, type ListableItems, listableItems } from './unlisted-items.ts';
import { trainedEntities, type UntrainedRows, untrainedRows } from './untrained-rows.ts';

export type HeldOutPart = 'validation' | 'test';

/** Which items are no candidates because the user already took them; held-out items among these are misses. */
export type RankFilter = 'none' | 'train' | 'train+validation';

export interface RankingOptions {
  readonly engine: Engine;
  readonly form: ScoreForm;
  readonly split: Split;
  readonly part: HeldOutPart;
  readonly filter: RankFilter;
  /** Rank all items although the split lists candidates. */
  readonly allItems?: boolean;
  /** Length of the lists of best items, 0 = none. */
  readonly listLength?: number;
  /** Rank for so many of the users at most, drawn from the stream; absent = for all. */
  readonly sample?: { readonly nUsers: number; readonly stream: RandomStream };
  /**
   * Leave out users without training rows, and count items without them as misses where all items are ranked: how models of users
   * and items are measured.
   */
  readonly trainedOnly?: boolean;
  readonly onProgress?: (users: number) => void;
}

const grouped = new WeakMap<Interactions, SparseRows>();

/** The rows that say what people took: of labelled rows those labelled 1. */
function takenRows({ dataset }: Split, part: Interactions): Pick<Interactions, 'length' | 'userIndex' | 'itemIndex'> {
  const { rating, length, userIndex, itemIndex } = part;
  if (!dataset.label || rating === null) return part;
  const rows = rowsWhere(length, (row) => rating[row] === 1);
  return {
    length: rows.length,
    userIndex: rows.map((row) => userIndex[row]),
    itemIndex: rows.map((row) => itemIndex[row]),
  };
}

/** What people took in a part, as distinct items of every user; made once for each part. */
export function itemsByUser(split: Split, part: Interactions | null): SparseRows {
  const nUsers = split.dataset.users.size;
  if (part === null) return sparseRows(nUsers, new Int32Array(0), new Int32Array(0));
  const known = grouped.get(part);
  if (known?.nRows === nUsers) return known;
  const taken = takenRows(split, part);
  const rows = sparseRows(nUsers, taken.userIndex, taken.itemIndex, true);
  grouped.set(part, rows);
  return rows;
}

/** The distinct items of every user in the training part, and in a training before it. */
export function trainedItems(split: Split): SparseRows {
  const rows = itemsByUser(split, split.train);
  const { former } = split;
  return former ? unitedRows(rows, former.seen) : rows;
}

interface HeldOut {
  /** Users of a part that have something held out, ascending. */
  readonly users: Int32Array;
  /** Their items, by position in `users`. */
  readonly rowStart: Int32Array;
  readonly columns: Int32Array;
}

function heldOut(rows: SparseRows, all: Int32Array, sample: RankingOptions['sample']): HeldOut {
  const users = sampledUsers(all, sample);
  const rowStart = new Int32Array(users.length + 1);
  users.forEach((user, n) => {
    rowStart[n + 1] = rowStart[n] + rows.rowStart[user + 1] - rows.rowStart[user];
  });
  const columns = new Int32Array(rowStart[users.length]);
  users.forEach((user, n) => {
    columns.set(rowOf(rows, user), rowStart[n]);
  });
  return { users, rowStart, columns };
}

/** Some of the users, ascending. */
export function sampledUsers(users: Int32Array, sample: RankingOptions['sample']): Int32Array {
  if (!sample || sample.nUsers >= users.length) return users;
  sample.stream.shuffle(users);
  return users.slice(0, sample.nUsers).sort();
}

/** What each ranked user took before; the rows of other users may be empty. */
function excludedItems(split: Split, filter: RankFilter, users: Int32Array): SparseRows | undefined {
  if (filter === 'none') return undefined;
  const { train, validation, dataset } = split;
  const nUsers = dataset.users.size;
  const parts = filter === 'train' || !validation ? [train] : [train, validation];
  if (users.length * 2 > nUsers && parts.length === 1) return trainedItems(split);
  const isRanked = new Uint8Array(nUsers);
  for (const user of users) isRanked[user] = 1;
  const lists = parts.map((part) => {
    const { length, userIndex, itemIndex } = takenRows(split, part);
    const rows = rowsWhere(length, (row) => isRanked[userIndex[row]] === 1);
    return { row: rows.map((row) => userIndex[row]), column: rows.map((row) => itemIndex[row]) };
  });
  const { former } = split;
  const before = former ? [{ row: rowNumbers(former.seen), column: former.seen.columns }] : [];
  return joinedRows(nUsers, [...before, ...lists], true);
}

/** Prepares a part once, so that it can be ranked after every epoch without repeating the work. */
export class HeldOutRanking {
  readonly #options: Omit<RankingOptions, 'form'>;
  readonly #relevant: HeldOut;
  readonly #nHeldOut: number;
  readonly #excluded: SparseRows | undefined;
  readonly #listable: ListableItems;
  readonly #candidates: SparseRows | undefined;
  /** Held-out rows of users and items that training does not have. */
  readonly untrained: UntrainedRows | null;

  constructor(options: Omit<RankingOptions, 'form'>) {
    const { split, part, filter, allItems } = options;
    this.#options = options;
    const rows = itemsByUser(split, split[part]);
    const trained = options.trainedOnly ? trainedEntities(split) : null;
    this.untrained = trained && untrainedRows(rows, trained);
    const users = rowsWhere(
      rows.nRows,
      (user) => rows.rowStart[user + 1] > rows.rowStart[user] && (trained?.hasUser(user) ?? true),
    );
    this.#nHeldOut = users.length;
    const listed = part === 'validation' ? split.validationCandidates : split.testCandidates;
    this.#candidates = allItems ? undefined : (listed ?? undefined);
    this.#relevant = heldOut(rows, users, options.sample);
    const ranked = this.#relevant.users;
    const excluded = this.#candidates ? undefined : excludedItems(split, filter, ranked);
    this.#excluded = excluded;
    this.#listable = listableItems(
      this.#relevant,
      excluded ? (n) => rowOf(excluded, ranked[n]) : null,
      this.#candidates ? undefined : trained?.hasItem,
    );
  }

  /** Users of the part, whether they are ranked or not. */
  get nHeldOut(): number {
    return this.#nHeldOut;
  }

  /** Whether listed candidates are ranked, not all items. */
  get isOfCandidates(): boolean {
    return this.#candidates !== undefined;
  }

  get nUsers(): number {
    return this.#relevant.users.length;
  }

  rank(form: ScoreForm): RankCounts {
    const { engine, split } = this.#options;
    const tables = rankingTables(engine, form, split.dataset.items.size);
    try {
      return this.rankOn(tables);
    } finally {
      tables.free();
    }
  }

  /** By whatever ranks the items of users. */
  rankOn(tables: Pick<Tables, 'rank'>): RankCounts {
    const { split, listLength = 0, onProgress } = this.#options;
    const { users, rowStart, columns } = this.#relevant;
    const outcome = tables.rank({
      users,
      relevant: this.#listable,
      excluded: this.#excluded,
      candidates: this.#candidates,
      topK: Math.min(listLength, split.dataset.items.size),
      onProgress,
    });
    const { greater, equal, nCandidates, topItems } = outcome;
    return {
      users,
      rowStart,
      relevantItems: columns,
      greater: amongAll(greater, this.#listable),
      equal: amongAll(equal, this.#listable),
      isMiss: this.#listable.isMiss,
      nCandidates,
      topItems: listLength > 0 ? topItems : null,
      listLength: Math.min(listLength, split.dataset.items.size),
    };
  }
}
