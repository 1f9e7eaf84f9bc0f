/** One run: train a model on a split, measure it, make it a recommender. */
import { createHash } from 'node:crypto';
import { DeepTasteError } from '../core/errors.ts';
import { parseOptions } from '../core/options.ts';
import { type Progress, silent } from '../core/progress.ts';
import { requireUsersAndItems, type Split } from '../data/dataset.ts';
import type { PlanProfile } from '../engine/plan/profile.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { type EvaluationResult, toJson } from '../evaluation/evaluation-result.ts';
import { itemsByUser } from '../evaluation/ranking.ts';
import { findModel } from '../models/index.ts';
import type { Model } from '../models/model.ts';
import type { Checkpoint, EpochRecord } from '../training/checkpoint.ts';
import { resolveTraining, type TrainingOptions } from '../training/options.ts';
import { type TrainOutcome, trainModel } from '../training/train.ts';
import { evaluateScorer, validator } from './evaluate.ts';
import { withoutValidation } from './prepare-split.ts';
import { Recommender } from './recommender.ts';
import type { RunSettings } from './settings.ts';

export interface TrainOptions {
  readonly engine: Engine;
  readonly split: Split;
  readonly settings: Pick<RunSettings, 'model' | 'config' | 'training' | 'refit' | 'evaluation' | 'seed'>;
  readonly progress?: Progress;
  readonly onEpoch?: (record: EpochRecord) => void;
  readonly onCheckpoint?: (checkpoint: Checkpoint) => Promise<void>;
  readonly resume?: Checkpoint | null;
  /** Asks for a profile of some training steps. */
  readonly onProfile?: (profile: PlanProfile, model: string) => void;
  readonly signal?: AbortSignal;
}

export interface TrainedRun {
  readonly recommender: Recommender;
  /** Null when the split has no test part, or nobody is to be evaluated. */
  readonly result: EvaluationResult | null;
  /** Time of fitting or training, refitting included, evaluation not. */
  readonly trainingSeconds: number;
  readonly log: readonly EpochRecord[];
  readonly bestEpoch: number;
}

export async function trainRecommender(options: TrainOptions): Promise<TrainedRun> {
  const { engine, split, settings } = options;
  if (split.train.length === 0)
    throw new DeepTasteError(
      'data',
      'train: the training part must hold interactions, found none; choose another split',
    );
  const model = findModel(settings.model);
  requireUsersAndItems(`train ${model.name}`, split.dataset);
  const config = parseOptions(model.options as never, settings.config, `options of model ${model.name}`) as object;
  const training = trainingOf(model, settings.training);
  const started = performance.now();
  const { outcome, split: used } = await trainAndRefit(options, model, config, training);
  const trainingSeconds = (performance.now() - started) / 1000;
  const { dataset } = split;
  const recommender = new Recommender(
    {
      info: {
        model: { name: model.name, config },
        training: training ?? {},
        seed: settings.seed,
        schema: dataset.schema,
        protocol: null,
        metrics: {},
        engine: { kernels: engine.build, blas: engine.blas?.title ?? null },
        data: { name: dataset.name, hash: dataset.hash, nInteractions: dataset.interactions.length },
      },
      weights: outcome.weights,
      users: dataset.users,
      items: dataset.items,
      userFields: dataset.userFields,
      itemFields: dataset.itemFields,
      seen: itemsByUser(used, used.train),
    },
    engine,
  );
  if (!split.test || split.test.length === 0 || settings.evaluation.users === 0)
    return { recommender, result: null, trainingSeconds, log: outcome.log, bestEpoch: outcome.bestEpoch };
  const result = evaluateScorer(engine, recommender.scorer(), split, settings.evaluation, settings.seed);
  return {
    recommender: withResult(recommender, result),
    result,
    trainingSeconds,
    log: outcome.log,
    bestEpoch: outcome.bestEpoch,
  };
}

/** The same recommender with its measurements on record. */
function withResult(recommender: Recommender, result: EvaluationResult): Recommender {
  const { parts, engine } = recommender;
  const { protocol, metrics } = toJson(result);
  recommender.close();
  return new Recommender({ ...parts, info: { ...parts.info, protocol, metrics } }, engine);
}

async function trainAndRefit(
  options: TrainOptions,
  model: Model,
  config: object,
  training: TrainingOptions | null,
): Promise<{ outcome: TrainOutcome; split: Split }> {
  const { engine, split, settings, progress = silent } = options;
  const run = (part: Split, set: TrainingOptions | null, phase: string) =>
    trainModel({
      engine,
      model,
      config,
      training: set,
      data: {
        sizes: { nUsers: split.dataset.users.size, nItems: split.dataset.items.size },
        rows: itemsByUser(part, part.train),
      },
      seed: settings.seed,
      progress,
      validate: validator(engine, part, settings.evaluation, settings.seed),
      fingerprint: fingerprintOf(part, model, config, set, settings.seed, phase),
      onCheckpoint: options.onCheckpoint,
      onEpoch: options.onEpoch,
      resume: options.resume,
      onProfile: options.onProfile,
      signal: options.signal,
    });
  if (!settings.refit || !split.validation) return { outcome: await run(split, training, 'train'), split };
  const all = withoutValidation(split);
  if (!training) return { outcome: await run(all, null, 'refit'), split: all };
  if (options.resume)
    throw new DeepTasteError('usage', 'resume: a run with refit cannot be resumed; start anew without --resume');
  const search = await run(split, training, 'train');
  const refit = await run(all, { ...training, epochs: Math.max(1, search.bestEpoch) }, 'refit');
  return { outcome: { ...refit, log: [...search.log, ...refit.log], bestEpoch: search.bestEpoch }, split: all };
}

/** The settings of a model's training; null for models that are fitted. @throws 'config' */
export function trainingOf(model: Model, given: object): TrainingOptions | null {
  if (model.kind === 'gradient') return resolveTraining(model.trainingDefaults, given);
  if (Object.keys(given).length === 0) return null;
  throw new DeepTasteError(
    'config',
    `training: ${model.title} is fitted without epochs and takes no training settings (${Object.keys(given).join(', ')}); ` +
      'its own options go into config (--set)',
  );
}

function fingerprintOf(
  split: Split,
  model: Model,
  config: unknown,
  training: unknown,
  seed: number,
  phase: string,
): string {
  const identity = {
    data: split.dataset.hash,
    split: split.description,
    model: model.name,
    config,
    training,
    seed,
    phase,
  };
  return createHash('sha256').update(JSON.stringify(identity)).digest('hex');
}
