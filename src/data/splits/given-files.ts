/** Splits that others made: training, validation and test rows in files of their own, perhaps with listed candidates. */
import { DeepTasteError } from '../../core/errors.ts';
import { parseOptions } from '../../core/options.ts';
import type { Progress } from '../../core/progress.ts';
import { rowsWhere } from '../cleaning.ts';
import { counted } from '../counted.ts';
import type { ResolvedDataOptions } from '../data-options.ts';
import type { Dataset, Interactions, Split, SplitDescription } from '../dataset.ts';
import { loadParts } from '../load.ts';
import { Database } from '../readers/database.ts';
import { type CandidatePairs, listCandidates, readCandidatePairs } from './candidates-file.ts';
import { nRowsInTrain } from './repeated-pairs.ts';
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
  takenOnly = false,
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
    const loaded = await loadParts(database, files, data, { moreItemIds: listedItems, takenOnly, progress });
    const part = loaded.part.map((p) => files[p].part);
    const split = makeSplit(loaded.dataset, part, { method: 'given', data: loaded.dataset.hash });
    return withCandidates(withOverlap(split), testPairs, validationPairs);
  }, data.readMemory);
}

/** Counts the users and items of held-out rows that training has, and those that it lacks. */
function withOverlap(split: Split): Split {
  const { dataset, validation, test } = split;
  if (dataset.unnamed) return split;
  const parts = [overlap(split, 'validation', validation), overlap(split, 'test', test)];
  const counts = Object.fromEntries(parts.flatMap((part) => Object.entries(part.counts)));
  return {
    ...split,
    dataset: { ...dataset, warnings: [...dataset.warnings, ...parts.flatMap(({ warnings }) => warnings)] },
    description: { ...split.description, ...counts },
  };
}

interface Overlap {
  readonly counts: Record<string, number>;
  readonly warnings: readonly string[];
}

function overlap(split: Split, part: 'validation' | 'test', heldOut: Interactions | null): Overlap {
  if (heldOut === null) return { counts: {}, warnings: [] };
  const { dataset, train } = split;
  const [hasUser, hasItem] = [new Uint8Array(dataset.users.size), new Uint8Array(dataset.items.size)];
  for (const user of train.userIndex) hasUser[user] = 1;
  for (const item of train.itemIndex) hasItem[item] = 1;
  const rowsOf = (isNew: (row: number) => boolean) => rowsWhere(heldOut.length, isNew);
  const ofNewUsers = rowsOf((row) => hasUser[heldOut.userIndex[row]] === 0);
  const ofNewItems = rowsOf((row) => hasItem[heldOut.itemIndex[row]] === 0);
  const nInTrain = nRowsInTrain(split, heldOut);
  const newUsers = new Set(ofNewUsers.map((row) => heldOut.userIndex[row]));
  const newItems = new Set(ofNewItems.map((row) => heldOut.itemIndex[row]));
  const rows = `of ${counted(heldOut.length, `${part} row`)}`;
  const warnings: string[] = [];
  if (nInTrain > 0)
    warnings.push(
      dataset.label
        ? `${nInTrain} ${rows} repeat a (user, item) pair of the training rows, as rows to be predicted may`
        : `${nInTrain} held-out (user, item) pairs are in the training rows too (${rows.slice(3)})`,
    );
  if (ofNewUsers.length > 0)
    warnings.push(
      `${ofNewUsers.length} ${rows} have no training row of their user (${counted(newUsers.size, 'user')})`,
    );
  if (ofNewItems.length > 0)
    warnings.push(
      `${ofNewItems.length} ${rows} have no training row of their item (${counted(newItems.size, 'item')})`,
    );
  const name = part === 'test' ? 'Test' : 'Validation';
  return {
    counts: {
      [`n${name}RowsInTrain`]: nInTrain,
      [`n${name}UsersNotInTrain`]: newUsers.size,
      [`n${name}ItemsNotInTrain`]: newItems.size,
    },
    warnings,
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
