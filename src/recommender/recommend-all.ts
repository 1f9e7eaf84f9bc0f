/** Lists for many users of the data, made in blocks: what `recommend({ user })` gives them one by one, without reasons. */
import { setImmediate as turnOfOthers } from 'node:timers/promises';
import type { RecommenderParts } from '../artifact/recommender-parts.ts';
import { DeepTasteError } from '../core/errors.ts';
import { idsOf } from '../core/ids.ts';
import type { Progress } from '../core/progress.ts';
import { quotedNames } from '../core/shown.ts';
import { type Answering, type NamedItem, namedItem, type RankedUser } from './answer.ts';
import { fillByPopularity } from './fill-by-popularity.ts';
import { excludedForAll } from './recommend-list.ts';
import { examplesOf, type wantedOfAll } from './request.ts';
import type { TopItems } from './top-items.ts';

export interface ListedItem extends NamedItem {
  readonly score: number;
  /** True where the model knows nothing of the item for this person and popularity gave it the place; else absent. */
  readonly byPopularity?: true;
}

/** The list of one user. */
export interface UserList {
  readonly user: string;
  /** Best first; empty for users who are skipped. */
  readonly recommendations: readonly ListedItem[];
  /** How the user was represented: 'trained', or one sentence; null for users who are skipped. */
  readonly how: string | null;
  /** Why the user has no list, to follow the name: 'is unknown to the training data'. Null for users who have one. */
  readonly skipped: string | null;
}

type WantedOfAll = ReturnType<typeof wantedOfAll>;

interface AskedUsers {
  /** Distinct, in the order given. */
  readonly known: Int32Array;
  readonly unknown: readonly string[];
}

/** Why users have no list whom the data do not name. */
export const UNKNOWN_USER = 'is unknown to the training data';

/** The lists of a recommender that are being made: closing it ends them. */
export class ListsInWork {
  readonly #ends = new Set<() => void>();
  #isClosed = false;

  /** @param end gives back what a work holds @returns what is to be called when the work has ended by itself */
  begin(end: () => void): () => void {
    this.checkOpen();
    this.#ends.add(end);
    return () => void this.#ends.delete(end);
  }

  /** @throws 'usage' after the recommender was closed */
  checkOpen(): void {
    if (this.#isClosed)
      throw new DeepTasteError(
        'usage',
        'recommendAll: the recommender was closed before all lists were made; close it after the loop over them',
      );
  }

  close(): void {
    this.#isClosed = true;
    for (const end of this.#ends) end();
    this.#ends.clear();
  }
}

/**
 * Lists in the order of the users; those who are unknown come first.
 * @throws at once, before the first list is asked for: 'not-found' when none of the users is known, or `only` names no item that is; 'usage' for ids that are none
 */
export function listsForAll(
  parts: RecommenderParts,
  answering: Answering,
  wanted: WantedOfAll,
  progress: Progress,
  inWork: ListsInWork,
): AsyncGenerator<UserList, void, undefined> {
  answering.requireUsers();
  const asked = askedUsers(parts, wanted.users);
  const excluded = excludedForAll(parts, wanted);
  return listsInBlocks(new ListMaker(parts, answering, wanted, excluded), asked, progress, inWork);
}

function askedUsers({ users }: RecommenderParts, given: unknown): AskedUsers {
  if (given === undefined) return { known: Int32Array.from({ length: users.size }, (_, user) => user), unknown: [] };
  const ids = [...new Set(idsOf(given, 'recommendAll: users'))];
  const known = Int32Array.from(ids.flatMap((id) => users.indexOf(id) ?? []));
  if (known.length > 0) return { known, unknown: ids.filter((id) => users.indexOf(id) === undefined) };
  const found = ids.length === 0 ? 'nobody' : `only unknown ${quotedNames(ids)}`;
  throw new DeepTasteError(
    'not-found',
    `recommendAll: "users" must name a user of the training data, found ${found}; ids look like ${examplesOf(users)}`,
  );
}

async function* listsInBlocks(
  lists: ListMaker,
  { known, unknown }: AskedUsers,
  progress: Progress,
  inWork: ListsInWork,
): AsyncGenerator<UserList, void, undefined> {
  for (const user of unknown) yield { user, recommendations: [], how: null, skipped: UNKNOWN_USER };
  inWork.checkOpen();
  const task = progress.start('recommending', known.length, 'users');
  let done = 0;
  const blocks = lists.blocks(known);
  const ended = inWork.begin(() => void blocks.return(undefined));
  try {
    for (const block of blocks) {
      for (const ranked of block) {
        yield lists.of(ranked);
        inWork.checkOpen();
      }
      done += block.length;
      task.update(done, `${done.toLocaleString('en-US')} users`);
      await turnOfOthers();
      inWork.checkOpen();
    }
  } finally {
    ended();
    task.end(`${done.toLocaleString('en-US')} users`);
  }
}

/** Makes lists of ranked items. */
class ListMaker {
  readonly #parts: RecommenderParts;
  readonly #answering: Answering;
  readonly #wanted: WantedOfAll;
  readonly #excluded: Int32Array;
  /** 1 for the items of `excluded` [nItems]. */
  readonly #isExcluded: Uint8Array;
  /** Items that were in a list so far: reading the text of an id takes its time. */
  readonly #named: NamedItem[] = [];

  constructor(parts: RecommenderParts, answering: Answering, wanted: WantedOfAll, excluded: Int32Array) {
    this.#parts = parts;
    this.#answering = answering;
    this.#wanted = wanted;
    this.#excluded = excluded;
    this.#isExcluded = new Uint8Array(parts.items.size);
    for (const item of excluded) this.#isExcluded[item] = 1;
  }

  blocks(users: Int32Array): Generator<readonly RankedUser[]> {
    const { k, includeSeen } = this.#wanted;
    return this.#answering.rankUsers(users, { k, includeSeen, excluded: this.#excluded });
  }

  of(ranked: RankedUser): UserList {
    const user = this.#parts.users.idOf(ranked.user);
    if ('unserved' in ranked) return { user, recommendations: [], how: null, skipped: ranked.unserved };
    const { how, knows, ...top } = ranked.ranked;
    return { user, recommendations: this.#recommendations(top, knows, ranked.excluded), how, skipped: null };
  }

  #recommendations(top: TopItems, knows: Uint8Array | null, own: Int32Array): ListedItem[] {
    if (knows === null) return this.#listed(top);
    const isOwn = new Set(own);
    const isAllowed = (item: number): boolean =>
      this.#answering.isServed(item) && this.#isExcluded[item] === 0 && !isOwn.has(item);
    const found = fillByPopularity(top, knows, this.#answering.popularity, isAllowed);
    const list = this.#listed(found);
    return list.map((listed, n) => (found.byPopularity[n] === 1 ? { ...listed, byPopularity: true as const } : listed));
  }

  #listed({ items, scores }: TopItems): ListedItem[] {
    const list: ListedItem[] = [];
    for (let n = 0; n < items.length; n++) {
      const { item, title } = this.#nameOf(items[n]);
      list.push({ item, title, score: scores[n] });
    }
    return list;
  }

  #nameOf(item: number): NamedItem {
    this.#named[item] ??= namedItem(this.#parts, item);
    return this.#named[item];
  }
}
