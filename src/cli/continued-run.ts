/** `train --from RUN --data FILE`: the settings of the saved run for a training that goes on with the rows of other files. */
import type { RecommenderParts } from '../artifact/recommender-parts.ts';
import { DeepTasteError } from '../core/errors.ts';
import type { Progress } from '../core/progress.ts';
import type { DataOptions } from '../data/data-options.ts';
import { findModel } from '../models/index.ts';
import { Recommender } from '../recommender/recommender.ts';
import type { AnyRunInput, AnyRunSettings } from '../runs/any-settings.ts';
import { storedSettings } from '../runs/run-record.ts';
import { checkedRun } from './checked-run.ts';
import { type DataFlags, dataOf, defined, FILM_CLUB } from './data-flags.ts';
import { noEpochs } from './epochs-flag.ts';
import type { RunFlags } from './flags.ts';
import { runInputOf, type SettingsFlags } from './run-flags.ts';

interface ContinuingFlags extends RunFlags, DataFlags, SettingsFlags {
  readonly data?: string[];
  readonly model?: string;
  readonly set?: string[];
  readonly epochs?: number;
  readonly refit?: true;
}

export interface ContinuedRun {
  readonly settings: AnyRunSettings;
  readonly from: RecommenderParts;
}

/**
 * @param path of the saved run
 * @param parts of it, where they have been read
 * @throws 'usage' without data, or for a model that has no epochs and `--epochs`; 'config' for another model; 'artifact', 'not-found'
 */
export async function continuedRun(
  path: string,
  flags: ContinuingFlags,
  progress: Progress,
  parts?: RecommenderParts,
): Promise<ContinuedRun> {
  if (flags.data === undefined)
    throw new DeepTasteError('usage', `train --from ${path}: must be given the new rows, found none; say --data FILE`);
  if (flags.data.includes(FILM_CLUB))
    throw new DeepTasteError(
      'usage',
      `train --from ${path}: goes on with new rows of files, found the simulated ${FILM_CLUB}, whose rows are always the same; give --data FILE`,
    );
  const from = parts ?? (await Recommender.read(path));
  const { name } = from.info.model;
  if (flags.model !== undefined && flags.model !== name)
    throw new DeepTasteError(
      'config',
      `--from ${path}: the model must be that of the saved run, "${name}", found --model ${flags.model}; leave it out, or train it anew`,
    );
  const model = findModel(name);
  if (flags.epochs !== undefined && model.learn.by === 'solver') throw noEpochs(flags.epochs, [model]);
  const { settings: former, notes } = formerSettings(await storedSettings(path));
  for (const note of notes) progress.log(`note: ${note}`);
  const { evaluation, split, ...form } = runInputOf(model, flags);
  const told = dataOf(flags.data, flags) as DataOptions;
  const { seed, refit, epochs } = flags;
  const input = {
    ...former,
    ...defined({ seed: seed ?? former.seed ?? from.info.seed, refit }),
    ...(flags.final ? {} : { final: false }),
    model: name,
    data: { ...former.data, ...told, columns: { ...predictedColumn(from), ...former.data?.columns, ...told.columns } },
    ...form,
    split: split ?? former.split,
    evaluation: { ...former.evaluation, ...evaluation },
    training: { ...former.training, ...defined({ epochs }) },
  };
  const settings = await checkedRun(defined(input) as AnyRunInput, flags.set ?? [], `train --from ${path}`);
  return { settings, from };
}

/** What a model over fields predicts stands in the column of its training: new rows may hold labels of one kind alone. */
function predictedColumn({ info, fields }: RecommenderParts): DataOptions['columns'] {
  const role = fields?.task === 'click' ? 'label' : fields?.task === 'rating' ? 'rating' : null;
  const column = info.schema.columns.find((each) => each.role === role && each.owner === 'interaction');
  return role && column ? { [role]: column.name } : {};
}

interface FormerSettings {
  readonly data?: Pick<DataOptions, 'columns'>;
  readonly split?: object;
  readonly evaluation?: object;
  readonly training?: object;
  readonly seed?: number;
}

/** What holds for other rows, too; of a run that was saved without its settings there is nothing but what the artifact says. */
function formerSettings(stored: AnyRunSettings | null): { settings: FormerSettings; notes: string[] } {
  if (stored === null) return { settings: {}, notes: [] };
  const { name: _, description: __, data, split, ...others } = stored;
  const notes: string[] = [];
  const isOfFiles = split !== undefined && ['given', 'prefix-files'].includes(split.method);
  if (isOfFiles)
    notes.push(
      `the split "${split.method}" of the saved run is about its own files: nothing is held out; --split METHOD says otherwise`,
    );
  const settings = { ...others, split: isOfFiles ? { method: 'none' } : split };
  if ('filter' in settings && settings.filter !== undefined) {
    notes.push(
      'short sequences and rare items are not dropped of the new rows; --min-length and --min-support say otherwise',
    );
    settings.filter = undefined;
  }
  if (!('files' in data)) return { settings: { ...settings, data: {} }, notes };
  const { files: ___, name: ____, kCore, ...layout } = data;
  if (kCore !== undefined)
    notes.push('the k-core of the saved run is not asked of the new rows; --k-core says otherwise');
  return { settings: { ...settings, data: layout }, notes };
}
