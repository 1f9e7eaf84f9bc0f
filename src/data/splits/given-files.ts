/** Splits that others made: training, validation and test rows in files of their own, perhaps with listed candidates. */
import { DeepTasteError } from '../../core/errors.ts';
import { parseOptions } from '../../core/options.ts';
import type { Progress } from '../../core/progress.ts';
import type { ResolvedDataOptions } from '../data-options.ts';
import type { Dataset, Interactions, Split, SplitDescription } from '../dataset.ts';
import { loadParts } from '../load.ts';
import { Database } from '../readers/database.ts';
import { sparseRows } from '../sparse-rows.ts';
import { type CandidatePairs, listCandidates, readCandidatePairs } from './candidates-file.ts';
import { type GivenOptions, givenOptions } from './split-options.ts';
import { makeSplit, testPart, trainPart, validationPart } from './split-parts.ts';

/**
 * Reads the parts into one data set: its vocabularies hold the ids of all files, its interactions all rows. A rating,
 * time or session column that some file lacks is left out. Held-out rows are kept as they are, users and items that
 * training does not have are counted in the description.
 * @throws DeepTasteError `config`: a k-core, which would change a given split; `data`: a file
 */
export async function loadGivenSplit(
  data: ResolvedDataOptions,
  options: GivenOptions,
  progress?: Progress,
): Promise<Split> {
  const given = parseOptions(givenOptions, { method: 'given', ...options }, 'given split');
  if (data.kCore)
    throw new DeepTasteError('config', 'given split: a k-core would change the given files; leave kCore out');
  if (given.validationCandidates && !given.validation)
    throw new DeepTasteError('config', 'given split: validationCandidates needs a validation file');
  return Database.use(async (database) => {
    const testPairs = given.candidates ? await readCandidatePairs(database, given.candidates) : null;
    const validationPairs = given.validationCandidates
      ? await readCandidatePairs(database, given.validationCandidates)
      : null;
    const files = [
      { name: 'train', files: data.files, part: trainPart },
      ...(given.validation ? [{ name: 'validation', files: [given.validation], part: validationPart }] : []),
      { name: 'test', files: [given.test], part: testPart },
    ];
    const listedItems = [...(validationPairs?.itemIds ?? []), ...(testPairs?.itemIds ?? [])];
    const loaded = await loadParts(database, files, data, { moreItemIds: listedItems, progress });
    const part = loaded.part.map((p) => files[p].part);
    const split = makeSplit(loaded.dataset, part, { method: 'given', data: loaded.dataset.hash });
    return withCandidates(withOverlap(split), testPairs, validationPairs);
  }, data.readMemory);
}

/** Counts what the held-out rows share with training, and what they lack there. Labelled pairs may well repeat. */
function withOverlap(split: Split): Split {
  const { dataset, validation, test } = split;
  if (dataset.unnamed) return split;
  const counts = { ...overlap(split, 'Validation', validation), ...overlap(split, 'Test', test) };
  const leaks = [counts.nValidationRowsInTrain, counts.nTestRowsInTrain].filter((n) => n > 0 && !dataset.label);
  const warnings = leaks.map((n) => `${n} held-out (user, item) pairs are in the training rows too`);
  return {
    ...split,
    dataset: { ...dataset, warnings: [...dataset.warnings, ...warnings] },
    description: { ...split.description, ...counts },
  };
}

function overlap({ dataset, train }: Split, name: string, heldOut: Interactions | null): Record<string, number> {
  if (heldOut === null) return {};
  const seen = sparseRows(dataset.users.size, train.userIndex, train.itemIndex, true);
  const seenItem = new Uint8Array(dataset.items.size);
  for (const item of train.itemIndex) seenItem[item] = 1;
  const newUsers = new Set<number>();
  const newItems = new Set<number>();
  let nInTrain = 0;
  heldOut.userIndex.forEach((user, row) => {
    const item = heldOut.itemIndex[row];
    const own = seen.columns.subarray(seen.rowStart[user], seen.rowStart[user + 1]);
    if (own.length === 0) newUsers.add(user);
    if (seenItem[item] === 0) newItems.add(item);
    if (own.includes(item)) nInTrain++;
  });
  return {
    [`n${name}RowsInTrain`]: nInTrain,
    [`n${name}UsersNotInTrain`]: newUsers.size,
    [`n${name}ItemsNotInTrain`]: newItems.size,
  };
}

function withCandidates(split: Split, testPairs: CandidatePairs | null, validationPairs: CandidatePairs | null): Split {
  const test = testPairs && listed(split.dataset, testPairs, split.test!, 'test');
  const validation = validationPairs && listed(split.dataset, validationPairs, split.validation!, 'validation');
  return {
    ...split,
    testCandidates: test?.rows ?? null,
    validationCandidates: validation?.rows ?? null,
    description: { ...split.description, ...test?.description, ...validation?.description },
  };
}

function listed(dataset: Dataset, pairs: CandidatePairs, heldOut: Interactions, name: 'test' | 'validation') {
  const { rows, nPositivesRemoved, nRepeatsRemoved, nUsersIgnored } = listCandidates(dataset, pairs, heldOut);
  const description: Omit<SplitDescription, 'method'> = {
    [`${name}Candidates`]: 'listed in a file',
    [`${name}CandidatesPositivesRemoved`]: nPositivesRemoved,
    [`${name}CandidatesRepeatsRemoved`]: nRepeatsRemoved,
    [`${name}CandidatesUsersIgnored`]: nUsersIgnored,
  };
  return { rows, description };
}
