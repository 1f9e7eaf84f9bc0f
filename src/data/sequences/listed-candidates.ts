/**
 * Files that list what to rank for each held-out sequence, in the forms that models of users and items read: a line
 * `owner<TAB>item<TAB>item…`, or NCF's `(owner,item)<TAB>item…`. The owner is the user, or the session where nobody is named.
 */
import { z } from 'zod';
import { DeepTasteError } from '../../core/errors.ts';
import { Database } from '../readers/database.ts';
import { type SparseRows, sparseRows } from '../sparse-rows.ts';
import { type CandidatePairs, readCandidatePairs } from '../splits/candidates-file.ts';
import type { HeldOutSequences, SequenceSplit } from './sequence-data.ts';

/** Keys of every split whose sequences have owners. */
export const candidateFiles = {
  candidates: z.string().min(1).optional().meta({
    doc: 'file that lists the items to rank at the targets of each user (or session): the user, a tab, items between tabs',
  }),
  validationCandidates: z.string().min(1).optional().meta({ doc: 'the same for the validation part' }),
};

export interface CandidateFiles {
  readonly candidates?: string;
  readonly validationCandidates?: string;
}

/**
 * The split with the candidates of its files; without such files the split as it is. Items that training does not have cannot be
 * ranked: they are left out and counted. A list serves all held-out sequences of its owner.
 * @throws DeepTasteError `config`: sequences without owners, a part that is not there, sampled items beside a file; `data`: a file,
 *   a sequence without candidates, a named pair that is not held out
 */
export async function withListedCandidates(split: SequenceSplit, files: CandidateFiles): Promise<SequenceSplit> {
  const { candidates, validationCandidates } = files;
  const test = await listsFor(split, 'test', candidates);
  return withLists(split, test, await listsFor(split, 'validation', validationCandidates));
}

/** Lists of the validation part concern no split that has given it back to training. */
function withLists(
  split: SequenceSplit,
  test: CandidatePairs | null,
  validation: CandidatePairs | null,
): SequenceSplit {
  const ofTest = test && partWithList(split, 'test', test);
  const ofValidation = validation && partWithList(split, 'validation', validation);
  const { withoutValidation } = split;
  return {
    ...split,
    test: ofTest?.heldOut ?? split.test,
    validation: ofValidation?.heldOut ?? split.validation,
    withoutValidation: withoutValidation && (() => withLists(withoutValidation(), test, null)),
    description: { ...split.description, ...ofTest?.description, ...ofValidation?.description },
  };
}

/** The pairs of a file, read when the split has such a part; null without a file. */
async function listsFor(
  split: SequenceSplit,
  part: 'test' | 'validation',
  path: string | undefined,
): Promise<CandidatePairs | null> {
  if (path === undefined) return null;
  const heldOut = split[part];
  const key = part === 'test' ? 'candidates' : 'validationCandidates';
  if (heldOut === null)
    throw new DeepTasteError('config', `split.${key}: the split must have a ${part} part, found none; leave it out`);
  if (heldOut.candidates)
    throw new DeepTasteError(
      'config',
      `split.${key}: the split samples its candidates; leave the file or negatives out`,
    );
  return Database.use((database) => readCandidatePairs(database, path));
}

function partWithList(split: SequenceSplit, part: 'test' | 'validation', pairs: CandidatePairs) {
  const heldOut = split[part]!;
  const { rows, nUnknown, nIgnored } = listsOf(split, heldOut, pairs);
  return {
    heldOut: { ...heldOut, candidates: rows } as HeldOutSequences,
    description: {
      [`${part}Candidates`]: 'listed in a file',
      [`${part}CandidatesUnknownItems`]: nUnknown,
      [`${part}CandidatesOwnersIgnored`]: nIgnored,
    },
  };
}

function listsOf({ users, items }: SequenceSplit, heldOut: HeldOutSequences, pairs: CandidatePairs) {
  const { owner } = heldOut.kind === 'cases' ? heldOut.cases.prefixes : heldOut.sequences;
  const { path } = pairs;
  if (users === null || owner === null)
    throw new DeepTasteError(
      'config',
      `${path}: candidates are listed by user or session, and these sequences have neither`,
    );
  const sequencesOf = new Map<number, number[]>();
  owner.forEach((user, s) => {
    sequencesOf.set(user, [...(sequencesOf.get(user) ?? []), s]);
  });
  checkNamedPairs({ users, items }, heldOut, sequencesOf, pairs);
  const ignored = new Set<string>();
  const [row, column]: [number[], number[]] = [[], []];
  let nUnknown = 0;
  pairs.userIds.forEach((id, k) => {
    const user = users.indexOf(id);
    const own = user === undefined ? undefined : sequencesOf.get(user);
    const item = items.indexOf(pairs.itemIds[k]);
    if (own === undefined) ignored.add(id);
    else if (item === undefined) nUnknown++;
    else
      for (const s of own) {
        row.push(s);
        column.push(item);
      }
  });
  const rows = sparseRows(owner.length, Int32Array.from(row), Int32Array.from(column), true);
  requireLists(path, rows, (s) => users.idOf(owner[s]));
  return { rows, nUnknown, nIgnored: ignored.size };
}

/** NCF's form names the item to find: it must be a target of its owner, or the two files do not belong together. */
function checkNamedPairs(
  { users, items }: { readonly users: NonNullable<SequenceSplit['users']>; readonly items: SequenceSplit['items'] },
  heldOut: HeldOutSequences,
  sequencesOf: ReadonlyMap<number, readonly number[]>,
  { path, positives }: CandidatePairs,
): void {
  const targetsOf = (s: number): Int32Array => {
    if (heldOut.kind === 'cases') return heldOut.cases.target.subarray(s, s + 1);
    const { start, items: events } = heldOut.sequences;
    return events.subarray(start[s] + 1, start[s + 1]);
  };
  for (const { userId, itemId } of positives) {
    const user = users.indexOf(userId);
    const own = user === undefined ? [] : (sequencesOf.get(user) ?? []);
    const item = items.indexOf(itemId) ?? -1; // unknown to training: a miss, −1 in its sequence
    if (own.some((s) => targetsOf(s).includes(item))) continue;
    throw new DeepTasteError(
      'data',
      `${path}: the pair (${userId},${itemId}) must be one of the held-out events; do the two files belong together?`,
      { path, user: userId, item: itemId },
    );
  }
}

function requireLists(path: string, { rowStart }: SparseRows, ownerOf: (sequence: number) => string): void {
  for (let s = 0; s + 1 < rowStart.length; s++) {
    if (rowStart[s] < rowStart[s + 1]) continue;
    const message = `${path}: every held-out sequence must have candidates that training knows, that of "${ownerOf(s)}" has none`;
    throw new DeepTasteError('data', message, { path, owner: ownerOf(s) });
  }
}
