/** A study in short, as the run of its winner keeps it. */
import type { TuningStudy } from '../../src/runs/tuning-study-schema.ts';

const trial = (number: number, model: string, value: number | null): TuningStudy['trials'][number] => ({
  number,
  model,
  kind: 'default',
  status: 'finished',
  value,
  epochs: 10 * number,
  seconds: 2,
  options: {},
  reason: null,
});

export const madeStudy: TuningStudy = {
  metric: 'ndcg@10',
  lowerIsBetter: false,
  seconds: 150,
  winner: 4,
  worthIt: ['the tuned ease beats its default by 0.0120 ndcg@10 on the test part, 95 % interval +0.0040 … +0.0200'],
  trials: [
    trial(1, 'ease', 0.081),
    { ...trial(2, 'popularity', 0.05), kind: 'baseline' },
    {
      ...trial(3, 'bpr-mf', null),
      kind: 'sampled',
      status: 'failed',
      options: { factors: 64 },
      reason: 'the loss is not finite',
    },
    { ...trial(4, 'ease', 0.0931), kind: 'sampled', options: { regularization: 312.4567 } },
  ],
  curve: [
    { trial: 1, model: 'ease', minutes: 0.1, epochs: 0, value: 0.081 },
    { trial: 4, model: 'ease', minutes: 1.4, epochs: 60, value: 0.0931 },
  ],
  importance: [{ model: 'ease', nTrials: 12, options: [{ name: 'regularization', share: 1 }] }],
  optimism: { chosen: 0.0931, expected: 0.0902 },
};
