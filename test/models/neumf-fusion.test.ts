import { describe, expect, it } from 'vitest';
import type { NamedTensors } from '../../src/core/named-tensors.ts';
import { sparseRows } from '../../src/data/sparse-rows.ts';
import type { PairModel } from '../../src/examples/pairs.ts';
import { findModel } from '../../src/models/index.ts';
import { directScores } from './direct-scores.ts';

const sizes = { nUsers: 2, nItems: 2 };
const data = { sizes, rows: sparseRows(2, new Int32Array(0), new Int32Array(0)) };
const hidden = [2, 2];
const tensors = (entries: Record<string, [readonly number[], readonly number[]]>): NamedTensors =>
  new Map(Object.entries(entries).map(([name, [shape, data]]) => [name, { shape, data: Float32Array.from(data) }]));

const gmfWeights = tensors({
  P: [
    [2, 2],
    [1, 2, -1, 0.5],
  ],
  Q: [
    [2, 2],
    [3, -1, 0.5, 4],
  ],
  h: [[2], [0.5, -2]],
  b: [[1], [0.25]],
});
const mlpWeights = tensors({
  'mlp.P': [
    [2, 1],
    [1, -2],
  ],
  'mlp.Q': [
    [2, 1],
    [0.5, 3],
  ],
  'layer1.Wu': [
    [1, 2],
    [2, -1],
  ],
  'layer1.Wi': [
    [1, 2],
    [1, 2],
  ],
  'layer1.b': [[2], [0.5, 0]],
  'layer2.W': [
    [2, 2],
    [1, -1, 2, 0.5],
  ],
  'layer2.b': [[2], [0, 1]],
  h: [[2], [3, -4]],
  b: [[1], [-0.75]],
});

/** By hand: hᵀ (p₀ ⊙ q₀) + b, and the tower on p₀ ⊕ q₀. */
const gmfLogit = 0.5 * (1 * 3) - 2 * (2 * -1) + 0.25;
const x1 = [1 * 2 + 0.5 * 1 + 0.5, Math.max(0, 1 * -1 + 0.5 * 2)];
const x2 = [x1[0] * 1 + x1[1] * 2, Math.max(0, x1[0] * -1 + x1[1] * 0.5 + 1)];
const mlpLogit = 3 * x2[0] - 4 * x2[1] - 0.75;

const scoresOf = (name: string, config: object, weights: NamedTensors): Float64Array => {
  const model = findModel(name) as PairModel;
  return directScores({ model, config, sizes, weights }, data.rows);
};

describe('NeuMF fused from GMF and MLP', () => {
  const gmf = scoresOf('gmf', { factors: 2 }, gmfWeights);
  const mlp = scoresOf('mlp', { factors: 1, hidden }, mlpWeights);

  it('starts from parts with the scores worked out by hand', () => {
    expect(gmf[0]).toBeCloseTo(gmfLogit, 12);
    expect(mlp[0]).toBeCloseTo(mlpLogit, 12);
  });

  it.each([0, 0.25, 0.5, 1])('scores α · GMF + (1 − α) · MLP for every pair, α = %d', (alpha) => {
    const neumf = findModel('neumf') as PairModel;
    const config = neumf.options.parse({ factors: 2, mlpFactors: 1, hidden, alpha, pretrain: true });
    const { weights } = neumf.fuse!(config, [gmfWeights, mlpWeights], data);
    const declared = neumf.parameters(config, sizes);
    expect([...weights.keys()].sort()).toEqual(declared.map(({ name }) => name).sort());
    for (const { name, shape } of declared) expect(weights.get(name)!.shape).toEqual(shape);
    const fused = scoresOf('neumf', config as object, weights);
    expect(fused[0]).toBeCloseTo(alpha * gmfLogit + (1 - alpha) * mlpLogit, 12);
    fused.forEach((score, k) => {
      expect(score).toBeCloseTo(alpha * gmf[k] + (1 - alpha) * mlp[k], 12);
    });
  });

  it('pretrains GMF and MLP of its own sizes with Adam, and goes on with SGD', () => {
    const neumf = findModel('neumf') as PairModel;
    const given = { factors: 2, mlpFactors: 1, hidden, pretrain: true, fusedLearningRate: 0.3, deviation: 0.2 };
    const ofGmf = { gmfEpochs: 7, gmfLearningRate: 0.02, gmfL2: 0.1 };
    const ofMlp = { mlpEpochs: 3, mlpLearningRate: 0.04, mlpL2: 0.2 };
    const config = neumf.options.parse({ ...given, ...ofGmf, ...ofMlp });
    const training = (epochs: number, learningRate: number, l2: number) => ({
      epochs,
      optimizer: { name: 'adam', learningRate, l2, schedule: 'constant' },
    });
    expect(neumf.pretraining!(config)).toEqual([
      { model: 'gmf', config: { factors: 2, deviation: 0.2 }, training: training(7, 0.02, 0.1) },
      { model: 'mlp', config: { factors: 1, hidden, dropout: 0, deviation: 0.2 }, training: training(3, 0.04, 0.2) },
    ]);
    const { training: after } = neumf.fuse!(config, [gmfWeights, mlpWeights], data);
    expect(after).toEqual({ optimizer: { name: 'sgd', learningRate: 0.3 } });
    expect(neumf.pretraining!(neumf.options.parse({}))).toEqual([]);
  });
});
