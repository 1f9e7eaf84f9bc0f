/** Runs of models over feature fields: reads the data, fits the fields, and says what was found. */
import type { FieldFile } from '../artifact/field-file.ts';
import type { RecommenderParts } from '../artifact/recommender-parts.ts';
import type { Progress } from '../core/progress.ts';
import { shellWord } from '../core/shell-word.ts';
import { parseModelOptions } from '../examples/model-options.ts';
import { findModelOf } from '../models/index.ts';
import { checkCrosses, type FieldData, prepareFieldData } from '../tasks/prepare-fields.ts';
import { ofTrainedUsers, prepareSplit } from '../tasks/prepare-split.ts';
import { type FieldRunSettings, resolveFieldEvaluation } from '../tasks/row-settings.ts';
import { rowsTask } from '../tasks/rows.ts';
import { type Circumstances, type PreparedData, rowDataDocument } from './prepared-run.ts';

export async function prepareRows(
  runs: readonly FieldRunSettings[],
  progress: Progress,
  { stored, from, besideModelsOfUsers = false }: Circumstances = {},
): Promise<PreparedData<'rows'>> {
  const [first] = runs;
  const read = stored?.fields ? await dataAsStored(first, stored.fields) : await loadFieldsNoted(first, progress, from);
  const data = besideModelsOfUsers && read.task === 'ranking' ? { ...read, split: ofTrainedUsers(read.split) } : read;
  const { split, encoder, task, evaluation, warnings } = data;
  const { dataset, description } = split;
  for (const { model, config } of runs)
    checkCrosses(model, parseModelOptions(findModelOf('rows', model), config), data);
  const about = rowDataDocument(split, warnings);
  const fields = encoder.layout.fields.map(({ name, owner, nRows }) => ({ name, owner, nRows }));
  return (settings) => ({
    task: rowsTask(data, settings),
    dataName: dataset.name,
    data: about,
    document: { task, fields },
    measures: task === 'ranking' ? 'lists' : 'rows',
    metrics: evaluation.metrics,
    split: description.method,
    unit: 'rows',
    next: (path) => nextCommand(path, data),
  });
}

/** The data of a training with the fields that were fitted then. */
async function dataAsStored(settings: FieldRunSettings, fields: FieldFile): Promise<FieldData> {
  const { task, unnamed, ratingRange } = fields;
  const split = await prepareSplit(settings, undefined, task === 'ranking' ? 'pairs' : 'examples');
  const evaluation = resolveFieldEvaluation(task, settings, !unnamed.includes('user'));
  return { ...fields, split, evaluation, warnings: [], ratingRange: evaluation.clip ? ratingRange : null };
}

/** Reads the data, fits the fields, and says what was found. */
async function loadFieldsNoted(
  settings: FieldRunSettings,
  progress: Progress,
  from?: RecommenderParts,
): Promise<FieldData> {
  const task = progress.start('reading the data');
  const data = await prepareFieldData(settings, from);
  const { split, encoder } = data;
  const { dataset, train, validation, test } = split;
  const [nTrain, nValidation, nTest] = [train, validation, test].map((part) => part?.length ?? 0);
  const { fields, crosses, nRows } = encoder.layout;
  const crossed = crosses.length > 0 ? ` and ${crosses.length} crosses` : '';
  task.end(
    `${dataset.name}, ${nTrain} training + ${nValidation} validation + ${nTest} test rows, task ${data.task}, ` +
      `${fields.length} fields with ${nRows} values${crossed}`,
  );
  for (const warning of data.warnings) progress.log(`warning: ${warning}`);
  return data;
}

/** Recommending for somebody of the training data where the model can, else asking why of a row of it. */
function nextCommand(path: string, data: FieldData): string {
  const { dataset, train } = data.split;
  const folder = shellWord(path);
  if (data.task === 'ranking')
    return `deeptaste recommend ${folder} --user ${shellWord(dataset.users.idOf(train.userIndex[0]))}`;
  const { fields } = data.encoder.fitted;
  const ids = fields.flatMap(({ key, source, owner }) => {
    if (source !== 'id') return [];
    const id = owner === 'user' ? dataset.users.idOf(train.userIndex[0]) : dataset.items.idOf(train.itemIndex[0]);
    return [`--row ${shellWord(`${key}=${id}`)}`];
  });
  const cells = ids.length > 0 ? ids : firstCells(data);
  return `deeptaste explain ${folder} ${cells.join(' ')}`;
}

/** Two cells of the first training row. */
function firstCells({ encoder, split }: FieldData): string[] {
  const cells = (split.train.context ?? []).flatMap((column) => {
    const key = encoder.fitted.fields.find((field) => field.owner === 'context' && field.column === column.name)?.key;
    if (key === undefined || column.kind !== 'categorical' || column.index[0] < 0) return [];
    return [`--row ${shellWord(`${key}=${column.values[column.index[0]]}`)}`];
  });
  return cells.length > 0 ? cells.slice(0, 2) : ["--row '{…}'"];
}
