/** Runs of models of sequences: reads the data and says what was found. */
import type { Progress } from '../core/progress.ts';
import { shellWord } from '../core/shell-word.ts';
import { nSequences } from '../data/sequences/select-sequences.ts';
import type { HeldOutSequences, SequenceSplit } from '../data/sequences/sequence-data.ts';
import { resolveTraining } from '../examples/settings.ts';
import type { EpochSettings } from '../examples/stopping.ts';
import { findModelOf } from '../models/index.ts';
import { continuedSequenceSplit } from '../tasks/next-item.ts';
import type { SequenceRunSettings } from '../tasks/next-item-settings.ts';
import { prepareSequenceSplit } from '../tasks/prepare-sequences.ts';
import { nextItemTaskOf } from '../tasks/task-of-settings.ts';
import type { Circumstances, PreparedData } from './prepared-run.ts';

export async function prepareNextItems(
  runs: readonly SequenceRunSettings[],
  progress: Progress,
  { stored, from }: Circumstances = {},
): Promise<PreparedData<'sequences'>> {
  const read = await loadSequencesNoted(runs[0], progress);
  const split = from ? continuedSequenceSplit(read, from) : read;
  const { name, hash, train, items, warnings, description } = split;
  for (const { model, training } of stored ? [] : runs)
    noteUnvalidated(split, resolveTraining(findModelOf('sequences', model), training).training, progress);
  const data = {
    name,
    hash,
    nSequences: nSequences(train),
    nEvents: train.items.length,
    nItems: items.size,
    nUnknownTestEvents: description.nUnknownTestEvents,
    warnings,
  };
  return (settings) => ({
    task: nextItemTaskOf(split, settings),
    dataName: name,
    data,
    document: {},
    measures: 'lists',
    metrics: settings.evaluation.metrics,
    split: description.method,
    unit: 'events',
    next: (path) => nextCommand(path, split),
  });
}

/** Patience has nothing to look at without a validation part. */
function noteUnvalidated({ validation }: SequenceSplit, training: EpochSettings | null, progress: Progress): void {
  if (validation !== null || training === null || training.patience === 0) return;
  progress.log(
    `note: there is no validation part, so that nothing stops training before its ${training.epochs} epochs; ` +
      '--validation-days N, or --validation FILE with a given split, holds one out',
  );
}

/** Reads the sequences and says what was found. */
async function loadSequencesNoted(settings: SequenceRunSettings, progress: Progress): Promise<SequenceSplit> {
  const task = progress.start('reading the data');
  const split = await prepareSequenceSplit(settings);
  const { name, items, train, validation, test, description, warnings } = split;
  task.end(
    `${name}, ${items.size} items, ${nSequences(train)} training sequences of ${train.items.length} events, ` +
      `${validation ? `${sizeOf(validation)} for validation, ` : ''}${test ? sizeOf(test) : 'none'} for testing, split by ${description.method}`,
  );
  for (const warning of warnings) progress.log(`warning: ${warning}`);
  if (Number(description.nUnknownTestEvents) > 0) progress.log(`note: ${unknownNote(split)}`);
  return split;
}

function unknownNote({ description }: SequenceSplit): string {
  const what = description.unknownItems === 'miss' ? 'kept: a miss where they are to be predicted' : 'removed';
  return `${description.nUnknownTestEvents} test events are of items that training does not have; ${what}`;
}

function sizeOf(heldOut: HeldOutSequences): string {
  if (heldOut.kind === 'cases') return `${heldOut.cases.target.length} cases`;
  return `${nSequences(heldOut.sequences)} sequences`;
}

/** Going on with a user's history, or with the first two training items. Ids with commas stand alone. */
function nextCommand(path: string, { by, users, train, items }: SequenceSplit): string {
  const command = `deeptaste recommend ${shellWord(path)}`;
  if (by === 'user' && users && train.owner) return `${command} --user ${shellWord(users.idOf(train.owner[0]))}`;
  const ids = Array.from(train.items.subarray(0, Math.min(2, train.start[1])), (item) => items.idOf(item));
  if (ids.some((id) => id.includes(','))) return `${command} ${ids.map((id) => `--item ${shellWord(id)}`).join(' ')}`;
  return `${command} --history ${shellWord(ids.join(','))}`;
}
