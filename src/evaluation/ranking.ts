/** Ranks the held-out items of a split against all items or listed candidates. */

import type { Interactions, Split } from '../data/dataset.ts';
import { rowOf, type SparseRows, sparseRows } from '../data/sparse-rows.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { RankingTables, type ScoreForm } from '../engine/runtime/ranking.ts';
import type { RankCounts } from './rank-counts.ts';

export type HeldOutPart = 'validation' | 'test';

/** Which items are no candidates because the user already took them. */
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
  readonly onProgress?: (users: number) => void;
}

/** The interactions of a part as distinct items of every user. */
export function itemsByUser(split: Split, part: Interactions | null): SparseRows {
  const nUsers = split.dataset.users.size;
  const empty = new Int32Array(0);
  return sparseRows(nUsers, part?.userIndex ?? empty, part?.itemIndex ?? empty, true);
}

/** Users of a part that have something held out, ascending, with their items in this order. */
function heldOut(rows: SparseRows): { users: Int32Array; rowStart: Int32Array; columns: Int32Array } {
  const users: number[] = [];
  for (let user = 0; user < rows.nRows; user++) if (rows.rowStart[user + 1] > rows.rowStart[user]) users.push(user);
  const rowStart = new Int32Array(users.length + 1);
  users.forEach((user, n) => {
    rowStart[n + 1] = rowStart[n] + rowOf(rows, user).length;
  });
  return { users: Int32Array.from(users), rowStart, columns: rows.columns };
}

function excludedItems(split: Split, filter: RankFilter): SparseRows | undefined {
  if (filter === 'none') return undefined;
  const train = itemsByUser(split, split.train);
  if (filter === 'train' || !split.validation) return train;
  const { validation } = split;
  const users = joined(split.train.userIndex, validation.userIndex);
  return sparseRows(split.dataset.users.size, users, joined(split.train.itemIndex, validation.itemIndex), true);
}

function joined(a: Int32Array, b: Int32Array): Int32Array {
  const both = new Int32Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** Prepares a part once, so that it can be ranked after every epoch without repeating the work. */
export class HeldOutRanking {
  readonly #options: Omit<RankingOptions, 'form'>;
  readonly #relevant: { users: Int32Array; rowStart: Int32Array; columns: Int32Array };
  readonly #excluded: SparseRows | undefined;
  readonly #candidates: SparseRows | undefined;

  constructor(options: Omit<RankingOptions, 'form'>) {
    const { split, part, filter, allItems } = options;
    this.#options = options;
    this.#relevant = heldOut(itemsByUser(split, split[part]));
    const listed = part === 'validation' ? split.validationCandidates : split.testCandidates;
    this.#candidates = allItems ? undefined : (listed ?? undefined);
    this.#excluded = this.#candidates ? undefined : excludedItems(split, filter);
  }

  get nUsers(): number {
    return this.#relevant.users.length;
  }

  rank(form: ScoreForm): RankCounts {
    const { engine, split, listLength = 0, onProgress } = this.#options;
    const { users, rowStart, columns } = this.#relevant;
    const tables = new RankingTables(engine, form, split.dataset.items.size);
    const outcome = tables.rank({
      users,
      relevant: { rowStart, columns },
      excluded: this.#excluded,
      candidates: this.#candidates,
      topK: Math.min(listLength, split.dataset.items.size),
      onProgress,
    });
    tables.free();
    const { greater, equal, nCandidates, topItems } = outcome;
    return {
      users,
      rowStart,
      relevantItems: columns,
      greater,
      equal,
      nCandidates,
      topItems: listLength > 0 ? topItems : null,
      listLength: Math.min(listLength, split.dataset.items.size),
    };
  }
}
