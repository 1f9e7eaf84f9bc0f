/** The models of `deeptaste demo` with their settings on the film club: sizes and epochs that fit a minute on two cores. */
import type { Contender } from '../runs/compare.ts';

/** The same for all: early stopping on the validation part decides how many of the epochs are used. */
const training = { epochs: 40, patience: 5 };

export const demoContenders: readonly Contender[] = [
  { model: 'popularity' },
  { model: 'item-knn' },
  { model: 'ease' },
  {
    model: 'bpr-mf',
    config: { factors: 32 },
    training: { ...training, batchSize: 2048, optimizer: { learningRate: 0.001, l2: 0.003 } },
  },
  { model: 'mf', config: { factors: 32 }, training },
  { model: 'gmf', config: { factors: 32 }, training },
  // at the usual 0.001 its validation metric stands still for the first epochs
  {
    model: 'mlp',
    config: { factors: 32, hidden: [32, 16] },
    training: { ...training, optimizer: { learningRate: 0.002 } },
  },
  { model: 'neumf', config: { factors: 32, mlpFactors: 32, hidden: [32, 16] }, training },
];

/** Metrics of the leaderboard; the first one orders it and, on the validation part, chooses the model that is kept. */
export const demoMetrics = ['ndcg@10', 'hr@10'];
