/** GRU4Rec training on invented sessions of the size of a full catalogue. */
import type { RandomStream } from '../core/random.ts';
import type { Sequences } from '../data/sequences/sequences.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { OpenExamples } from '../examples/open-examples.ts';
import { overDefaults } from '../examples/settings.ts';
import { sampleWeights, supportOf } from '../examples/shared-negatives.ts';
import { gru4rec } from '../models/gru4rec.ts';
import { expectedDistinct, type StepCost, updateBytes } from './step-limit.ts';
import type { TrainingSteps } from './timed-training.ts';

export interface Gru4recSize {
  readonly units: number;
  readonly batchSize: number;
  readonly loss: 'cross-entropy' | 'bpr-max';
}

/** Items of RSC15. */
const ITEMS = 37_483;
const SESSIONS = 60_000;
/** Extra negatives of a step. */
export const SAMPLES = 2048;

export const gru4recSizes: readonly Gru4recSize[] = [
  { units: 100, batchSize: 32, loss: 'cross-entropy' },
  { units: 100, batchSize: 128, loss: 'cross-entropy' },
  { units: 224, batchSize: 80, loss: 'bpr-max' },
];

/** Sessions of 2 to 15 events, 4 on average, over items of falling popularity. */
export function inventedSessions(random: RandomStream, nSessions = SESSIONS, nItems = ITEMS): Sequences {
  const start = new Int32Array(nSessions + 1);
  for (let s = 0; s < nSessions; s++)
    start[s + 1] = start[s] + 2 + Math.min(13, Math.floor(-2.2 * Math.log(1 - random.uniform())));
  const items = Int32Array.from({ length: start[nSessions] }, () => Math.floor(nItems * random.uniform() ** 3));
  return { nItems, start, items, time: null, owner: null };
}

/**
 * Lookups read the rows of inputs and candidates; those among them that differ are updated, vector and bias, and so are the
 * weights of the cell. Inputs and targets come as often as their items, extra negatives by their weights.
 */
function costOf(
  sequences: Sequences,
  size: Gru4recSize,
  samples: number,
  exponent: number,
  step: OpenExamples,
): StepCost {
  const { batchSize, units } = size;
  const support = supportOf(sequences);
  const weights = sampleWeights(support, exponent) ?? new Float64Array(support.length).fill(1);
  const [events, weight] = [support, weights].map((each) => each.reduce((sum, x) => sum + x, 0));
  const missed = (p: number, draws: number) => Math.exp(draws * Math.log1p(-p));
  const chances = Array.from(
    support,
    (n, item) => 1 - missed(n / events, 2 * batchSize) * missed(weights[item] / weight, samples),
  );
  const touched = expectedDistinct(chances, 1);
  const lookups = 4 * ((2 * batchSize + samples) * (units + 1) - batchSize);
  const bytes = lookups + updateBytes(touched * (units + 1) + step.store.denseLength, 1);
  return { flops: step.plan.flopsOfStep, bytes };
}

export function gru4recTraining(
  engine: Engine,
  size: Gru4recSize,
  sequences: Sequences,
  random: RandomStream,
): TrainingSteps {
  const { units, batchSize, loss } = size;
  const samples = Math.min(SAMPLES, sequences.nItems - 1);
  const extra = loss === 'bpr-max' ? { activation: 'elu' as const } : {};
  const config = gru4rec.options.parse({
    hidden: [units],
    loss,
    sharedNegatives: samples,
    embeddingDropout: 0.1,
    ...extra,
  });
  const { learn, trainingDefaults } = gru4rec;
  const training = overDefaults(learn.examples, trainingDefaults, { batchSize });
  const step = learn.open({ engine, config, training, data: sequences, random });
  // the tail, where lanes run out of sessions, is left out: steps of full batches are timed
  const full = Math.floor(step.stepsPerEpoch * 0.9);
  let epoch = 0;
  let next = 0;
  return {
    batchSize,
    cost: costOf(sequences, size, samples, config.popularityExponent, step),
    run: (steps) => {
      for (let left = steps; left > 0; ) {
        if (next >= full) {
          step.skipTo(0);
          epoch++;
          next = 0;
        }
        const { steps: done } = step.run(epoch, next, Math.min(left, full - next));
        next += done;
        left -= done;
      }
    },
    free: () => step.free(),
  };
}
