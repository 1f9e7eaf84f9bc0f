/** A split of new sequences, written in the ids of a recommender whose training goes on with them. */
import { DeepTasteError } from '../../core/errors.ts';
import { nSequences, renameItems } from '../sequences/select-sequences.ts';
import type { HeldOutSequences, SequenceSplit } from '../sequences/sequence-data.ts';
import type { Sequences } from '../sequences/sequences.ts';
import { rowOf, type SparseRows } from '../sparse-rows.ts';
import type { Vocabulary } from '../vocabulary.ts';
import { type FormerData, joinEntities, joinedHash, withRows } from './former-data.ts';

/**
 * Items and users of the former training keep their indices. Where a sequence is a user's whole history, held-out events go on with
 * the history that the recommender keeps.
 * @param itemCounts training events of each former item
 * @throws 'config' when one has histories of users and the other sessions
 */
export function continuedSequences(split: SequenceSplit, former: FormerData, itemCounts: Float32Array): SequenceSplit {
  const knowsUsers = former.users.size > 0;
  const byUser = split.by === 'user' && split.users !== null;
  if (knowsUsers !== byUser)
    throw new DeepTasteError(
      'config',
      `from: the saved run learned from ${knowsUsers ? 'histories of users' : "sessions that are nobody's"}, found ` +
        `${byUser ? 'histories of users' : 'sessions'}; say --sequences ${knowsUsers ? 'user' : 'session'}, or train anew`,
    );
  const users = split.users && joinVocabulary(former.users, split.users);
  const owned = ({ owner, ...sequences }: Sequences): Sequences => ({
    ...sequences,
    owner: owner && users ? owner.map((user) => users.indexOf[user]) : owner,
    ...(byUser && users ? { nUsers: users.ids.size } : {}),
  });
  const items = joinItems(former, split);
  const histories = byUser && users ? withRows(former.seen, users.ids.size) : null;
  const written = (sequences: Sequences): Sequences => renameItems(owned(sequences), items.indexOf, items.ids.size);
  const heldOut = (part: HeldOutSequences | null): HeldOutSequences | null =>
    part && continuedPart(part, written, items.indexOf, histories);
  return {
    ...split,
    items: items.ids,
    itemFields: items.fields,
    users: users ? users.ids : null,
    train: written(split.train),
    validation: heldOut(split.validation),
    test: heldOut(split.test),
    whole: () => {
      const whole = split.whole();
      const all = joinItems(former, whole);
      return {
        items: all.ids,
        itemFields: all.fields,
        sequences: renameItems(owned(whole.sequences), all.indexOf, all.ids.size),
      };
    },
    hash: joinedHash(former.info.data.hash, split.hash),
    former: {
      nUsers: former.users.size,
      nItems: former.items.size,
      nInteractions: former.info.data.nInteractions,
      itemCounts,
      histories,
    },
  };
}

function joinVocabulary(former: Vocabulary, own: Vocabulary) {
  const none = (ids: Vocabulary) => ({ ids, fields: { nRows: ids.size, fields: [], title: null } });
  return joinEntities(none(former), none(own));
}

function joinItems(former: FormerData, { items, itemFields }: Pick<SequenceSplit, 'items' | 'itemFields'>) {
  return joinEntities({ ids: former.items, fields: former.itemFields }, { ids: items, fields: itemFields });
}

function continuedPart(
  part: HeldOutSequences,
  written: (sequences: Sequences) => Sequences,
  indexOf: Int32Array,
  histories: SparseRows | null,
): HeldOutSequences {
  const inJoined = (item: number) => (item < 0 ? -1 : indexOf[item]);
  const candidates = part.candidates && { ...part.candidates, columns: part.candidates.columns.map(inJoined) };
  for (let r = 0; candidates && r < candidates.nRows; r++) rowOf(candidates, r).sort();
  if (part.kind === 'cases') {
    const prefixes = afterHistories(written(part.cases.prefixes), histories);
    return {
      kind: 'cases',
      cases: { prefixes, target: part.cases.target.map(inJoined) },
      candidates: candidates ?? null,
    };
  }
  const own = written(part.sequences);
  const sequences = afterHistories(own, histories);
  if (sequences === own) return { ...part, sequences, candidates };
  // what was taken in the former training is not to be predicted, nor what was first of the new events
  const isTarget = new Uint8Array(sequences.items.length);
  for (let s = 0; s < nSequences(own); s++)
    for (let n = 1; n <= own.start[s + 1] - own.start[s]; n++) {
      const event = own.start[s + 1] - n;
      const isFirst = event === own.start[s];
      isTarget[sequences.start[s + 1] - n] = part.isTarget ? part.isTarget[event] : isFirst ? 0 : 1;
    }
  return { ...part, sequences, isTarget, candidates };
}

/** Every sequence behind the history of its user; the events of that have the time at which the user went on. */
export function afterHistories(sequences: Sequences, histories: SparseRows | null): Sequences {
  const { start, items, time, owner, reward } = sequences;
  if (histories === null || owner === null) return sequences;
  const before = Array.from(owner, (user) => rowOf(histories, user));
  const starts = new Int32Array(start.length);
  before.forEach((history, s) => {
    starts[s + 1] = starts[s] + history.length + start[s + 1] - start[s];
  });
  const joined = new Int32Array(starts[before.length]);
  const times = time && new Float64Array(joined.length);
  // what was learned before earns nothing once more
  const rewards = reward && new Float32Array(joined.length);
  before.forEach((history, s) => {
    joined.set(history, starts[s]);
    joined.set(items.subarray(start[s], start[s + 1]), starts[s] + history.length);
    rewards?.set(reward!.subarray(start[s], start[s + 1]), starts[s] + history.length);
    times?.fill(time![start[s]], starts[s], starts[s] + history.length);
    times?.set(time!.subarray(start[s], start[s + 1]), starts[s] + history.length);
  });
  return { ...sequences, start: starts, items: joined, time: times, ...(rewards && { reward: rewards }) };
}

/** Every user's history and what came after it, for what is fitted at once. */
export function allHistories(sequences: Sequences, histories: SparseRows): Sequences {
  const { start, items, time, owner } = sequences;
  const own = new Map(Array.from(owner ?? [], (user, s): [number, number] => [user, s]));
  const users = Array.from({ length: histories.nRows }, (_, user) => user).filter(
    (user) => own.has(user) || rowOf(histories, user).length > 0,
  );
  // users who took nothing since are the oldest
  const lists = users.map((user) => {
    const s = own.get(user);
    return s === undefined
      ? { items: items.subarray(0, 0), at: Number.MIN_SAFE_INTEGER }
      : { items: items.subarray(start[s], start[s + 1]), at: time ? time[start[s]] : 0 };
  });
  const order = [...users.keys()].sort((a, b) => lists[a].at - lists[b].at || a - b);
  const rows = order.map((n) => [...rowOf(histories, users[n]), ...lists[n].items]);
  const starts = new Int32Array(rows.length + 1);
  rows.forEach((row, s) => {
    starts[s + 1] = starts[s] + row.length;
  });
  const joined = Int32Array.from(rows.flat());
  return {
    ...sequences,
    start: starts,
    items: joined,
    time: null,
    reward: null,
    owner: Int32Array.from(order, (n) => users[n]),
  };
}

/** The histories of all users, with those of the former training before. */
export function joinedHistories(histories: SparseRows | null, own: SparseRows): SparseRows {
  if (histories === null) return own;
  const rowStart = new Int32Array(own.nRows + 1);
  for (let user = 0; user < own.nRows; user++)
    rowStart[user + 1] = rowStart[user] + rowOf(histories, user).length + rowOf(own, user).length;
  const columns = new Int32Array(rowStart[own.nRows]);
  for (let user = 0; user < own.nRows; user++) {
    const before = rowOf(histories, user);
    columns.set(before, rowStart[user]);
    columns.set(rowOf(own, user), rowStart[user] + before.length);
  }
  return { nRows: own.nRows, rowStart, columns };
}
