/** One run on sequences: train a model on a split, measure it, make it a recommender. */
import type { ArtifactInfo } from '../artifact/manifest.ts';
import { parseOptions } from '../core/options.ts';
import { type Progress, silent } from '../core/progress.ts';
import { holdsOutEvents, wholeSequenceSplit } from '../data/sequences/make-split.ts';
import { itemSupport } from '../data/sequences/select-sequences.ts';
import type { SequenceSplit } from '../data/sequences/sequence-data.ts';
import { noFields } from '../data/side-information.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { type EvaluationResult, toJson } from '../evaluation/evaluation-result.ts';
import { nextItemMetrics } from '../evaluation/next-item/summarise-events.ts';
import { parseTaskMetrics } from '../evaluation/task-metrics.ts';
import type { Model } from '../examples/model.ts';
import { type EpochSettings, resolveTraining } from '../examples/settings.ts';
import { findModelOf } from '../models/index.ts';
import type { SequenceScorer } from '../scoring/sequence-scorer.ts';
import type { EpochRecord } from '../training/checkpoint.ts';
import { fingerprintOf } from '../training/run-identity.ts';
import { type TrainingHooks, trainModel } from '../training/train.ts';
import type { TrainOutcome } from '../training/train-outcome.ts';
import type { TrainingAccount } from '../training/training-account.ts';
import { callParts, checkCall, trainingHooks } from './call-checks.ts';
import { evaluateSequences, nextItemValidator, type SequenceEvaluationOptions } from './evaluate-sequences.ts';
import { epochsToRepeat, type Finished, finalProgress, measureAndFinish, withoutHooks } from './final-training.ts';
import { ITEM_COUNTS } from './parts.ts';
import { Recommender } from './recommender.ts';
import { asSeen, userHistories } from './user-histories.ts';

export interface TrainSequencesOptions extends TrainingHooks {
  readonly engine: Engine;
  readonly split: SequenceSplit;
  /** Name of a model of sequences. */
  readonly model: string;
  /** Options of the model; what is not said has its default. */
  readonly config?: object;
  /** Settings of the training, for models that are trained by epochs. */
  readonly training?: object;
  readonly seed?: number;
  readonly evaluation?: Omit<SequenceEvaluationOptions, 'seed' | 'kernels' | 'part'> & {
    /** What early stopping looks at, where the split has a validation part; 'mrr@20' by default. */
    readonly validationMetric?: string;
  };
  /** Train anew on all events after the measurement; true by default. */
  readonly final?: boolean;
  /** Is given the run whenever there is something to lose: trained before it is measured, measured before it is trained anew. */
  readonly keep?: (run: SequenceRun) => Promise<void>;
  readonly progress?: Progress;
}

/** `result` is null when the split has no test part. */
export interface SequenceRun extends Finished<Recommender, EvaluationResult> {
  /** Time of training what was measured, evaluation and training anew not included. */
  readonly trainingSeconds: number;
  /** Empty for models that are fitted at once. */
  readonly log: readonly EpochRecord[];
  /** Epoch whose weights were kept; 0 for models that are fitted at once. */
  readonly bestEpoch: number;
  readonly account: TrainingAccount;
}

const trainParts = {
  engine: callParts.engine,
  split: callParts.sequenceSplit,
  model: callParts.text,
  config: callParts.object,
  training: callParts.object,
  seed: callParts.some,
  evaluation: callParts.object,
  final: callParts.flag,
  ...trainingHooks,
} satisfies Record<keyof TrainSequencesOptions, unknown>;

/** @throws DeepTasteError `usage`: no such model, a wrong call; `config`: an option; `data`: nothing to evaluate */
export async function trainSequenceRecommender(options: TrainSequencesOptions): Promise<SequenceRun> {
  checkCall('trainSequenceRecommender', options, trainParts);
  const { engine, split, progress = silent, keep } = options;
  const model = findModelOf('sequences', options.model);
  const config = parseOptions(model.options as never, options.config ?? {}, `options of model ${model.name}`) as object;
  const { training } = resolveTraining(model, options.training ?? {});
  const { metrics: asked = nextItemMetrics, validationMetric = 'mrr@20' } = options.evaluation ?? {};
  parseTaskMetrics([...asked, validationMetric], 'next-item');
  const started = performance.now();
  const outcome = await train(options, model, config, training);
  const { weights, log, bestEpoch, cutOff, finishedAt = null } = outcome;
  const account = { cutOff, finishedAt, chosenDefaults: null };
  const trainingSeconds = outcome.trainedSeconds ?? (performance.now() - started) / 1000;
  const isWhole = options.final === false || !holdsOutEvents(split);
  const epochs = training && epochsToRepeat(outcome);
  const record = { nRows: isWhole ? split.train.items.length : split.whole().sequences.items.length, epochs };
  const finished = await measureAndFinish<Recommender, EvaluationResult>({
    trained: recommenderOf(options, { model, config, training }, weights),
    measure: split.test && ((trained) => evaluateNoted(trained.scorer('sequences'), options, progress)),
    withResult: (trained, result) => {
      const { protocol, metrics } = toJson(result);
      trained.close();
      const { parts } = trained;
      return new Recommender({ ...parts, info: { ...parts.info, protocol, metrics } }, engine);
    },
    trainAnew: isWhole
      ? null
      : async (measured) => {
          const whole = wholeSequenceSplit(split);
          const work = { ...withoutHooks(options), split: whole, progress: finalProgress(progress, record) };
          const repeated = await train(
            work,
            model,
            config,
            training && epochs !== null ? { ...training, epochs } : null,
          );
          const { protocol, metrics } = measured.parts.info;
          const info = { protocol, metrics, final: record };
          return recommenderOf(work, { model, config, training }, repeated.weights, info);
        },
    record,
    keep: keep && ((run) => keep({ ...run, trainingSeconds, log, bestEpoch, account })),
  });
  return { ...finished, trainingSeconds, log, bestEpoch, account };
}

function recommenderOf(
  { engine, split, seed = 1 }: TrainSequencesOptions,
  {
    model,
    config,
    training,
  }: { readonly model: Model<unknown, 'sequences'>; readonly config: object; readonly training: EpochSettings | null },
  weights: TrainOutcome['weights'],
  measured: Pick<ArtifactInfo, 'protocol' | 'metrics' | 'final'> = { protocol: null, metrics: {} },
): Recommender {
  const info: ArtifactInfo = {
    model: { name: model.name, config },
    training: training ?? {},
    seed,
    schema: { columns: [] },
    ...measured,
    engine: { kernels: engine.build, blas: engine.blas?.title ?? null },
    data: { name: split.name, hash: split.hash, nInteractions: split.train.items.length },
  };
  const { items, itemFields } = split;
  const { users, seen } = asSeen(userHistories(split));
  const people = { users, seen, userFields: noFields(users.size) };
  return new Recommender({ info, weights: withCounts(weights, split), items, itemFields, ...people }, engine);
}

function train(
  options: TrainSequencesOptions,
  model: Model<unknown, 'sequences'>,
  config: object,
  training: EpochSettings | null,
): Promise<TrainOutcome> {
  const { engine, split, evaluation = {}, seed = 1, progress = silent } = options;
  const { onEpoch, onCheckpoint, checkpointSteps, checkpointSeconds, resume, finish, onProfile, signal } = options;
  return trainModel({
    engine,
    model,
    config,
    training,
    data: split.train,
    seed,
    progress,
    onEpoch,
    onCheckpoint,
    checkpointSteps,
    checkpointSeconds,
    resume,
    finish,
    onProfile,
    signal,
    fingerprint: fingerprintOf({
      data: split.hash,
      split: split.description,
      model: model.name,
      config,
      training,
      seed,
    }),
    validate: nextItemValidator(split, evaluation, evaluation.validationMetric ?? 'mrr@20') ?? undefined,
  });
}

/** Ranking every event can take longer than fitting. */
function evaluateNoted(
  scorer: SequenceScorer,
  { engine, split, evaluation, seed = 1 }: TrainSequencesOptions,
  progress: Progress,
): EvaluationResult {
  const task = progress.start('ranking the next items', undefined, 'events');
  const result = evaluateSequences(scorer, split, {
    ...{ ...evaluation, seed, kernels: engine.build },
    onProgress: (targets) => task.update(targets),
  });
  task.end();
  return result;
}

function withCounts(weights: TrainOutcome['weights'], { train: sequences }: SequenceSplit): TrainOutcome['weights'] {
  const counts = Float32Array.from(itemSupport(sequences));
  return new Map([...weights, [ITEM_COUNTS, { shape: [counts.length], data: counts }]]);
}
