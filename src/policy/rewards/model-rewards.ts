/** Rewards predicted by any of our models over fields: LR, FM, DeepFM …, trained on the actions as items and the situation as context. */

import type { FieldParts } from '../../artifact/recommender-parts.ts';
import { silent } from '../../core/progress.ts';
import { type Dataset, selectRows } from '../../data/dataset.ts';
import type { FeatureOptions } from '../../data/features/feature-options.ts';
import type { FieldExamples } from '../../data/features/field-examples.ts';
import type { Engine } from '../../engine/runtime/engine.ts';
import { joined } from '../../examples/settings.ts';
import { trainFieldRecommender } from '../../runs/train-recommender.ts';
import { probabilityOf } from '../../scoring/row-scorer.ts';
import { fieldDataOf } from '../../tasks/prepare-fields.ts';
import { parseFieldRunSettings } from '../../tasks/row-settings.ts';
import { type Decisions, rewardSpan } from '../log/decisions.ts';
import { logDataset, trainingOn } from './log-dataset.ts';
import { meanRewards } from './mean-rewards.ts';
import type { FittedRewards, RewardModel } from './reward-model.ts';

export interface ModelRewardsOptions {
  /** Name of a model over fields. */
  readonly model: string;
  readonly config?: object;
  readonly training?: object;
  /** How the columns of the situation become fields; numbers are standardised unless said. */
  readonly features?: FeatureOptions;
}

/** Few rows need many passes: without a validation part nothing else ends a training. */
const DEFAULTS = { epochs: 15, batchSize: 256, optimizer: { learningRate: 0.01 } };

/** Rewards of 0 and 1 are predicted as clicks, others as values within the span of the log. */
export function modelRewards(engine: Engine, decisions: Decisions, options: ModelRewardsOptions): RewardModel {
  const { model, config = {}, training = {}, features = {} } = options;
  const dataset = logDataset(decisions);
  const task = dataset.label ? 'click' : 'rating';
  const settings = parseFieldRunSettings(
    {
      data: { files: [decisions.source] },
      model,
      config,
      training: joined(DEFAULTS, training),
      task,
      features: { numeric: 'standard', ...features },
    },
    'reward model',
  );
  const plain = meanRewards(decisions);
  return {
    name: model,
    async fit(rows, seed) {
      // rewards that are all the same teach a model nothing
      if (rows.every((row) => decisions.reward[row] === decisions.reward[rows[0]])) return plain.fit(rows, seed);
      const data = fieldDataOf(trainingOn(dataset, rows), settings);
      // a final training would take the rows of the other folds, too
      const run = await trainFieldRecommender({
        engine,
        data,
        settings: { ...settings, seed, final: false },
        progress: silent,
      });
      const { recommender } = run;
      return fittedModel(recommender, decisions, dataset);
    },
  };
}

function fittedModel(
  recommender: Awaited<ReturnType<typeof trainFieldRecommender>>['recommender'],
  decisions: Decisions,
  dataset: Dataset,
): FittedRewards {
  const { actions } = decisions;
  const { encoder, task, offset } = (recommender.parts as FieldParts).fields;
  const predictor = recommender.scorer('rows');
  const { low, high } = rewardSpan(decisions);
  return {
    predict(rows, out) {
      const examples = encoder.encodeExamples(dataset, selectRows(dataset.interactions, rows));
      for (let a = 0; a < actions.length; a++) {
        const item = examples.item && new Int32Array(rows.length).fill(a);
        const logits = predictor.logits({ ...examples, item } satisfies FieldExamples);
        for (let k = 0; k < rows.length; k++)
          out[k * actions.length + a] =
            task === 'click' ? probabilityOf(logits[k]) : Math.min(high, Math.max(low, logits[k] + offset));
      }
    },
    free: () => recommender.close(),
  };
}
