/** Splits that others made, as tables: training, validation and test rows in files of their own (`session item time`). */
import { z } from 'zod';
import { DeepTasteError } from '../../core/errors.ts';
import { parseOptions } from '../../core/options.ts';
import { rowsWhere } from '../cleaning.ts';
import { type DataOptions, parseDataOptions } from '../data-options.ts';
import { type Dataset, selectRows } from '../dataset.ts';
import { loadParts } from '../load.ts';
import { Database } from '../readers/database.ts';
import { type SequenceOptions, sequenceOptions, sequencesOf } from './from-interactions.ts';
import { candidateFiles } from './listed-candidates.ts';
import { makeSequenceSplit } from './make-split.ts';
import { selectEvents } from './select-sequences.ts';
import { type SequenceData, type SequenceSplit, unknownItemRules } from './sequence-data.ts';

export const givenTablesOptions = z.strictObject({
  method: z.literal('given'),
  test: z.string().min(1).meta({ doc: 'file with the test events; the data files hold the training events' }),
  validation: z.string().min(1).optional().meta({ doc: 'file with the validation events' }),
  unknownItems: z
    .enum(unknownItemRules)
    .default('remove')
    .meta({ doc: 'held-out events of items that training does not have: removed, or kept and counted as misses' }),
  ...candidateFiles,
});
type GivenTablesOptions = Omit<z.input<typeof givenTablesOptions>, 'method'>;

/**
 * Reads the files together, so that they share ids, and makes sequences of each. Training sequences of one event stay.
 * @throws DeepTasteError `config`: a k-core, which would change a given split; `data`: a file
 */
export async function loadGivenTables(
  data: DataOptions,
  options: GivenTablesOptions,
  sequences: SequenceOptions = {},
): Promise<SequenceSplit> {
  const given = parseOptions(givenTablesOptions, { method: 'given', ...options }, 'given split');
  const resolved = parseDataOptions({ duplicates: 'keep', ...data });
  if (resolved.kCore)
    throw new DeepTasteError('config', 'given split: a k-core would change the given files; leave kCore out');
  const files = [
    { name: 'train', files: resolved.files },
    { name: 'test', files: [given.test] },
    ...(given.validation ? [{ name: 'validation', files: [given.validation] }] : []),
  ];
  const { dataset, part } = await Database.use(
    (database) => loadParts(database, files, resolved, { anonymousSessions: true, takenOnly: true }),
    resolved.readMemory,
  );
  const partOf = (...wanted: number[]): SequenceData => sequencesOf(partOfDataset(dataset, part, wanted), sequences);
  const [test, validation] = [partOf(1), given.validation ? partOf(2) : null];
  const train = partOf(0);
  const warnings = [train, test, ...(validation ? [validation] : [])].flatMap((each, p) =>
    each.warnings.map((warning) => `${files[p].name}: ${warning}`),
  );
  const shared = {
    data: { ...train, hash: dataset.hash, warnings: [...dataset.warnings, ...warnings] },
    test: selectEvents(test.sequences, () => true, 2),
    whole: () => sequencesOf({ ...dataset, warnings: [] }, sequences).sequences,
    unknownItems: given.unknownItems,
    // the hash is that of the rows; how they were cut into sequences is recorded beside it
    description: { method: 'given', data: dataset.hash, sequences: train.by, ...gapOf(train.by, sequences) },
  };
  const onBoth = () =>
    makeSequenceSplit({ ...shared, train: partOf(0, 2).sequences, validation: null, withoutValidation: null });
  return makeSequenceSplit({
    ...shared,
    train: train.sequences,
    validation: validation && selectEvents(validation.sequences, () => true, 2),
    withoutValidation: validation && onBoth,
  });
}

function gapOf(by: SequenceData['by'], options: SequenceOptions): { gapSeconds?: number } {
  return by === 'gap' ? { gapSeconds: parseOptions(sequenceOptions, options, 'sequences').gapSeconds } : {};
}

/** The rows of some parts; the vocabularies stay those of the whole. */
function partOfDataset(dataset: Dataset, part: Uint8Array, wanted: readonly number[]): Dataset {
  const interactions = selectRows(
    dataset.interactions,
    rowsWhere(part.length, (row) => wanted.includes(part[row])),
  );
  return { ...dataset, interactions, warnings: [] };
}
