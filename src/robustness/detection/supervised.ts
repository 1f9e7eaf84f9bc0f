/**
 * A detector that learns from people who are known to be fake or real: the features of their profiles in one of our models over fields.
 * Cross-fitted: nobody is scored by a model that saw their label.
 */
import type { FieldParts } from '../../artifact/recommender-parts.ts';
import { DeepTasteError } from '../../core/errors.ts';
import { type Progress, silent } from '../../core/progress.ts';
import type { RandomStream } from '../../core/random.ts';
import type { Split } from '../../data/dataset.ts';
import { selectRows } from '../../data/dataset.ts';
import type { FeatureOptions } from '../../data/features/feature-options.ts';
import type { Engine } from '../../engine/runtime/engine.ts';
import { trainFieldRecommender } from '../../runs/train-recommender.ts';
import { probabilityOf } from '../../scoring/row-scorer.ts';
import { fieldDataOf } from '../../tasks/prepare-fields.ts';
import { parseFieldRunSettings } from '../../tasks/row-settings.ts';
import { type FeatureColumn, profileDataset } from './feature-table.ts';
import type { ProfileLabels } from './labels.ts';

export interface SupervisedOptions {
  readonly engine: Engine;
  readonly random: RandomStream;
  /** Name of a model over fields. */
  readonly model?: string;
  readonly config?: object;
  readonly training?: object;
  readonly features?: FeatureOptions;
  readonly folds?: number;
  readonly progress?: Progress;
}

/** Few rows need many passes and small steps. */
const TRAINING = { epochs: 60, batchSize: 128, optimizer: { learningRate: 0.02, l2: 0.001 } };
/** Buckets let a logistic regression bend; every bucket has enough people of small data. */
const FEATURES: FeatureOptions = { numeric: 'buckets', nBuckets: 12 };

/**
 * Probability of being fake of everybody [nUsers]: of who is labelled by the model of the other folds, of all others the mean over
 * the models of all folds.
 * @throws DeepTasteError `config`: folds; errors of the model's training
 */
export async function supervisedScores(
  table: readonly FeatureColumn[],
  labels: Pick<ProfileLabels, 'ofUser' | 'nFake' | 'nReal'>,
  options: SupervisedOptions,
): Promise<Float64Array> {
  const { engine, random, folds = 5, progress = silent } = options;
  const { ofUser, nFake, nReal } = labels;
  const most = Math.min(nFake, nReal);
  if (!(Number.isInteger(folds) && folds >= 2 && folds <= most))
    throw new DeepTasteError(
      'config',
      `detection: folds must be a whole number from 2 to ${most}, the people of the rarer label, found ${folds}; lower it, or label more people`,
    );
  const settings = parseFieldRunSettings(
    {
      data: { files: ['profiles'] },
      model: options.model ?? 'lr',
      config: options.config ?? {},
      training: options.training ?? TRAINING,
      task: 'click',
      features: { ...FEATURES, ...options.features },
    },
    'detection',
  );
  const foldOf = stratifiedFolds(ofUser, folds, random.child('folds'));
  const everybody = Int32Array.from(ofUser.keys());
  const all = profileDataset(
    'profiles',
    table,
    everybody,
    Float32Array.from(ofUser, (label) => Math.max(0, label)),
  );
  const scores = new Float64Array(ofUser.length);
  const task = progress.start(`detector ${settings.model}`, folds, 'folds');
  for (let fold = 0; fold < folds; fold++) {
    const known = everybody.filter((user) => ofUser[user] >= 0 && foldOf[user] !== fold);
    const data = fieldDataOf(trainingPart(all, known), settings);
    // a final training would take the people of all folds
    const { recommender } = await trainFieldRecommender({
      engine,
      data,
      settings: { ...settings, seed: random.seed + fold, final: false },
      progress: silent,
    });
    try {
      const scored = everybody.filter((user) => ofUser[user] < 0 || foldOf[user] === fold);
      const { encoder } = (recommender.parts as FieldParts).fields;
      const logits = recommender
        .scorer('rows')
        .logits(encoder.encodeExamples(all, selectRows(all.interactions, scored)));
      scored.forEach((user, n) => {
        scores[user] += probabilityOf(logits[n]) / (ofUser[user] < 0 ? folds : 1);
      });
    } finally {
      recommender.close();
    }
    task.update(fold + 1);
  }
  task.end(`${folds} folds`);
  return scores;
}

/** Each fold has as many of each label, drawn; −1 for who has no label. */
function stratifiedFolds(ofUser: Int8Array, folds: number, random: RandomStream): Int32Array {
  const foldOf = new Int32Array(ofUser.length).fill(-1);
  for (const label of [1, 0]) {
    const people = Int32Array.from(ofUser.keys()).filter((user) => ofUser[user] === label);
    random.shuffle(people).forEach((user, n) => {
      foldOf[user] = n % folds;
    });
  }
  return foldOf;
}

function trainingPart(dataset: Split['dataset'], rows: Int32Array): Split {
  return {
    dataset,
    train: selectRows(dataset.interactions, rows),
    validation: null,
    test: null,
    validationCandidates: null,
    testCandidates: null,
    description: { method: 'none', data: dataset.hash, nTrain: rows.length, nValidation: 0, nTest: 0 },
  };
}
