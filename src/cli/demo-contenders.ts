/** The models of `deeptaste demo` with their settings on the film club: sizes and epochs that fit a minute on two cores. */
import type { Contender } from '../recommender/compare.ts';

/** Early stopping on the validation part decides how many of the epochs are used. */
export const demoContenders: readonly Contender[] = [
  { model: 'popularity' },
  { model: 'item-knn' },
  { model: 'ease' },
  { model: 'bpr-mf', config: { factors: 32 }, training: { epochs: 80, patience: 4 } },
  { model: 'mf', config: { factors: 32 }, training: { epochs: 25, patience: 3 } },
  { model: 'gmf', config: { factors: 32 }, training: { epochs: 30, patience: 4 } },
  {
    model: 'mlp',
    config: { layers: [64, 32, 16] },
    training: { epochs: 20, patience: 6, optimizer: { learningRate: 0.002 } },
  },
  { model: 'neumf', config: { factors: 32, layers: [64, 32, 16] }, training: { epochs: 15, patience: 4 } },
];

/** Metrics of the leaderboard; the first one orders it and, on the validation part, chooses the model that is kept. */
export const demoMetrics = ['ndcg@10', 'hr@10'];
