/** One run on sequences: fit a model on a split, measure it, make it a recommender. */
import { parseOptions } from '../core/options.ts';
import { type Progress, silent } from '../core/progress.ts';
import { RandomStream } from '../core/random.ts';
import { itemSupport } from '../data/sequences/select-sequences.ts';
import type { SequenceSplit } from '../data/sequences/sequence-data.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { type EvaluationResult, toJson } from '../evaluation/evaluation-result.ts';
import { findSequenceModel } from '../models/index.ts';
import { evaluateSequences, type SequenceEvaluationOptions } from './evaluate-sequences.ts';
import { ITEM_COUNTS, SequenceRecommender } from './sequence-recommender.ts';

export interface TrainSequencesOptions {
  readonly engine: Engine;
  readonly split: SequenceSplit;
  /** Name of a model of sequences. */
  readonly model: string;
  /** Options of the model; what is not said has its default. */
  readonly config?: object;
  readonly seed?: number;
  readonly evaluation?: Omit<SequenceEvaluationOptions, 'seed' | 'kernels'>;
  readonly progress?: Progress;
}

export interface SequenceRun {
  readonly recommender: SequenceRecommender;
  readonly result: EvaluationResult;
  /** Time of fitting, evaluation not included. */
  readonly trainingSeconds: number;
}

/** @throws DeepTasteError `usage`: no such model; `config`: an option; `data`: nothing to evaluate */
export async function trainSequenceRecommender(options: TrainSequencesOptions): Promise<SequenceRun> {
  const { engine, split, seed = 1, progress = silent } = options;
  const model = findSequenceModel(options.model);
  const config = parseOptions(model.options as never, options.config ?? {}, `options of model ${model.name}`) as object;
  const started = performance.now();
  const random = new RandomStream(seed, `models/${model.name}`);
  const fitted = await model.fit(split.train, config, { engine, random, progress });
  const trainingSeconds = (performance.now() - started) / 1000;
  const counts = Float32Array.from(itemSupport(split.train));
  const weights = new Map([...fitted, [ITEM_COUNTS, { shape: [counts.length], data: counts }]]);
  const info = {
    ...{
      model: { name: model.name, config },
      training: {},
      seed,
      schema: { columns: [] },
      protocol: null,
      metrics: {},
    },
    engine: { kernels: engine.build, blas: null },
    data: { name: split.name, hash: split.hash, nInteractions: split.train.items.length },
  };
  const parts = { info, weights, items: split.items, itemFields: split.itemFields };
  const recommender = new SequenceRecommender(parts, engine);
  const result = evaluateSequences(recommender.scorer(), split, { ...options.evaluation, seed, kernels: engine.build });
  recommender.close();
  const { protocol, metrics } = toJson(result);
  const measured = new SequenceRecommender({ ...parts, info: { ...info, protocol, metrics } }, engine);
  return { recommender: measured, result, trainingSeconds };
}
